"""Drafts from files, and freezing: what is frozen has a digest and never changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from martechops.audit import entries
from martechops.lib import digest
from martechops.people.models import Team, User
from martechops.people.permissions import check_may
from workflows.actions import definitions, drafts, reviews
from workflows.engine import required_parts, typing_rules
from workflows.engine.parse import BadSpec, parse
from workflows.engine.typing_rules import Vocabulary
from workflows.models import Version, Workflow
from workflows.queries import vocabulary


class AlreadyFrozen(Exception):
    """The version is frozen; make a new one from it instead."""


class NothingChanged(Exception):
    """The draft says what the version before it says."""


@transaction.atomic
def draft(*, workflow: Workflow, content: Mapping[str, Any], by: User | str, at: datetime, note: str = "") -> Version:
    """A new draft, or the workflow's open one with this content, which is complete. Raises `BadSpec`, InReview."""
    parse(content)
    workflow = Workflow.objects.select_for_update().get(pk=workflow.pk)
    reviews.check_free("workflow", workflow.key)
    frozen = workflow.versions.exclude(frozen_at=None).order_by("number").last()
    last = workflow.versions.aggregate(Max("number"))["number__max"] or 0
    version = workflow.versions.filter(frozen_at=None).first() or Version(
        workflow=workflow, number=last + 1, parent=frozen, created_at=at
    )
    version.note, version.author = note, by if isinstance(by, User) else None
    undo = version.revision or None
    drafts.write(version, content, says=note or "Taken from a file", by=by, at=at, undo=undo, action="version.draft")
    return version


@transaction.atomic
def freeze(
    *,
    version: Version,
    by: User | str,
    at: datetime,
    note: str | None = None,
    revision: int | None = None,
    words: Vocabulary | None = None,
) -> Version:
    """From now on this content never changes. `revision` is the one that was seen, None not to ask.

    Its rules have to fit the catalog as it is now (`words`, for whoever has just read it); a map of how things are may
    say what it likes. The workflow is called, owned and typed as the frozen content says. Raises AlreadyFrozen,
    BadSpec, NothingChanged, NotAllowed, InReview and `drafts.ChangedMeanwhile`.
    """
    workflow = Workflow.objects.select_for_update().get(pk=version.workflow_id)
    reviews.check_free("workflow", workflow.key)
    version = Version.objects.select_related("workflow", "parent").get(pk=version.pk)
    if isinstance(by, User):
        check_may(by, "workflows.edit", workflow)
    if version.frozen_at is not None:
        raise AlreadyFrozen(f"{version} is frozen since {version.frozen_at:%Y-%m-%d}; make a new version from it")
    if revision is not None and revision != version.revision:
        _say_changed(version, revision)
    spec = parse(version.content)
    if not spec.map_only and (unfit := typing_rules.problems(version.content, words or vocabulary.current())):
        raise BadSpec(list(unfit))
    if isinstance(by, User) and (lacking := required_parts.missing(spec)):
        raise BadSpec([(part.path, part.says) for part in lacking])
    if spec.key != workflow.key:
        raise BadSpec([("key", f"must be {workflow.key}: a workflow keeps its key")])
    if isinstance(by, User) and version.parent and version.parent.digest == version.digest:
        raise NothingChanged(f"It says what version {version.parent.number} says; there is nothing to freeze.")
    version.note = version.note if note is None else note
    version.frozen_at = at
    version.save()
    _follow(workflow, version, by=by, at=at)
    entries.record(
        action="version.freeze",
        object_kind="version",
        object_key=str(version),
        by=by,
        at=at,
        detail={"digest": digest.of(version.content), "note": version.note},
    )
    return version


def _say_changed(version: Version, revision: int) -> None:
    seen = drafts.content_at(version, revision)
    since = list(version.revisions.filter(number__gt=revision).select_related("author"))
    raise drafts.ChangedMeanwhile(version=version, base=seen, mine=seen, clashes=(), since=since)


def _follow(workflow: Workflow, version: Version, *, by: User | str, at: datetime) -> None:
    """Let the workflow's row say what its newest frozen version says. Raises `BadSpec` for a team that is not there."""
    content = version.content
    owner = Team.objects.filter(key=content["owner"]).first()
    if owner is None:
        raise BadSpec([("owner", f"there is no team {content['owner']}")])
    target = Workflow.objects.filter(key=content.get("target") or "").exclude(pk=workflow.pk).first()
    said = (content["name"], content["type"], owner.pk, bool(content.get("map_only")), target and target.pk)
    if said == (workflow.name, workflow.type, workflow.owner_id, workflow.map_only, workflow.target_id):
        return
    workflow.name, workflow.type, workflow.owner = content["name"], content["type"], owner
    workflow.map_only, workflow.target = bool(content.get("map_only")), target
    definitions.save(workflow, by=by, at=at, note=f"As version {version.number} says")
