"""The one open draft of a workflow: begun, changed on the revision that somebody saw, taken back, discarded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from martechops.audit import entries
from martechops.lib import digest, history
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.actions import comments, reviews
from workflows.engine import edits
from workflows.engine.edits import CannotEdit, Clash, Edit
from workflows.engine.edits.merge import Side
from workflows.models import Revision, Version, Workflow

#: A file larger than this is no workflow that anybody reads.
LARGEST_BYTES = 400_000
MOST_STEPS = 300


class NoDraft(Exception):
    """The workflow has no open draft: it was frozen or discarded, or never begun."""


class NothingToTakeBack(Exception):
    """There is no earlier, or no later, state of the draft."""


class ChangedMeanwhile(Exception):
    """Others changed the same places of the draft since the revision that was seen."""

    def __init__(
        self,
        *,
        version: Version,
        base: Mapping[str, Any],
        mine: Mapping[str, Any],
        clashes: tuple[Clash, ...],
        since: list[Revision],
    ) -> None:
        self.version, self.base, self.mine, self.clashes, self.since = version, base, mine, clashes, since
        super().__init__(f"{version} was changed meanwhile: it is at revision {version.revision}.")


@dataclass(frozen=True, slots=True)
class Saved:
    """The draft after a change, and what others had changed since the revision that it was made on."""

    version: Version
    says: str
    merged_with: tuple[Revision, ...] = ()


@transaction.atomic
def begin(
    *, workflow: Workflow, by: User | str, at: datetime, content: Mapping[str, Any] | None = None, note: str = ""
) -> Version:
    """The workflow's open draft; a new one from its newest version, or from `content`, where there is none."""
    workflow = _locked(workflow, by)
    if open_one := workflow.versions.filter(frozen_at=None).first():
        return open_one
    newest = workflow.versions.order_by("number").last()
    content = content if content is not None else (newest.content if newest else {})
    version = Version(
        workflow=workflow, number=(newest.number if newest else 0) + 1, parent=newest, created_at=at, note=note
    )
    version.author = by if isinstance(by, User) else None
    says = f"Begun from version {newest.number}" if newest else "Begun"
    write(version, content, says=says, by=by, at=at, action="version.draft")
    return version


@transaction.atomic
def edit(
    *,
    workflow: Workflow,
    change: Edit,
    revision: int,
    by: User | str,
    at: datetime,
    page: str = "",
    prefer: Side | None = None,
) -> Saved:
    """Do `change` to the draft as it was at `revision`, and merge it with what others did since.

    `page` names the open page that asks, which has seen its own changes. Where both sides changed one place, `prefer`
    says whose stands. Raises NoDraft, CannotEdit, and ChangedMeanwhile without `prefer`.
    """
    version = _draft(_locked(workflow, by))
    since = list(version.revisions.filter(number__gt=revision).select_related("author"))
    others = [made for made in since if not page or made.page != page]
    if not others:
        before, after = version.content, change.apply(version.content)
    else:
        before = content_at(version, revision)
        mine = change.apply(before)
        merged = edits.merge(base=before, mine=mine, theirs=version.content, prefer=prefer or "theirs")
        if merged.clashes and prefer is None:
            raise ChangedMeanwhile(version=version, base=before, mine=mine, clashes=merged.clashes, since=others)
        after = merged.document
    says = change.says(before)
    if after == version.content:
        return Saved(version, "", tuple(others))
    _take_comments_along(workflow, version.content, after)
    write(version, after, says=says, by=by, at=at, page=page, undo=version.revision)
    return Saved(version, says, tuple(others))


def undo(*, workflow: Workflow, revision: int, by: User | str, at: datetime, page: str = "") -> Saved:
    """Back to what the draft was before its newest change. Raises NoDraft, NothingToTakeBack, ChangedMeanwhile."""
    return _turn(workflow, "undo", revision=revision, by=by, at=at, page=page)


def redo(*, workflow: Workflow, revision: int, by: User | str, at: datetime, page: str = "") -> Saved:
    """What was taken back, once more. Raises NoDraft, NothingToTakeBack, ChangedMeanwhile."""
    return _turn(workflow, "redo", revision=revision, by=by, at=at, page=page)


@transaction.atomic
def _turn(workflow: Workflow, way: str, *, revision: int, by: User | str, at: datetime, page: str) -> Saved:
    version = _draft(_locked(workflow, by))
    since = list(version.revisions.filter(number__gt=revision).select_related("author"))
    if others := [made for made in since if not page or made.page != page]:
        seen = content_at(version, revision)
        raise ChangedMeanwhile(version=version, base=seen, mine=seen, clashes=(), since=others)
    here = version.revisions.get(number=version.revision)
    number = here.undo if way == "undo" else here.redo
    target = version.revisions.filter(number=number).first() if number else None
    if target is None:
        raise NothingToTakeBack(f"There is nothing to {way}.")
    said = here.says if way == "undo" else target.says
    back, forth = (target.undo, here.number) if way == "undo" else (here.number, target.redo)
    _take_comments_along(workflow, version.content, target.content)
    says = f"{'Taken back' if way == 'undo' else 'Done again'}: {said.removeprefix('Done again: ')}"
    write(version, target.content, says=says, by=by, at=at, page=page, undo=back, redo=forth)
    return Saved(version, says)


@transaction.atomic
def restore(*, version: Version, by: User | str, at: datetime) -> Version:
    """What a former version says as the open draft; an open draft's own text stays one step of undo away."""
    workflow = _locked(version.workflow, by)
    says = f"Version {version.number} restored"
    open_one = workflow.versions.filter(frozen_at=None).first()
    if open_one is None:
        return begin(workflow=workflow, by=by, at=at, content=version.content, note=says)
    write(open_one, version.content, says=says, by=by, at=at, undo=open_one.revision)
    return open_one


@transaction.atomic
def discard(*, workflow: Workflow, revision: int, by: User | str, at: datetime) -> bool:
    """Give the draft up; a workflow that has nothing else goes with it. Its text stays in the audit log.

    True if the workflow is still there. Raises NoDraft and ChangedMeanwhile.
    """
    workflow = _locked(workflow, by)
    version = _draft(workflow)
    if version.revision != revision:
        seen = content_at(version, revision)
        since = list(version.revisions.filter(number__gt=revision).select_related("author"))
        raise ChangedMeanwhile(version=version, base=seen, mine=seen, clashes=(), since=since)
    label, content = str(version), version.content
    version.delete()
    stays = workflow.versions.exists()
    if not stays:
        history.sign(workflow, by=by)
        workflow.delete()
    entries.record(
        action="version.discard",
        object_kind="version",
        object_key=label,
        by=by,
        at=at,
        detail={"content": content, "workflow_removed": not stays},
    )
    return stays


def content_at(version: Version, revision: int) -> dict[str, Any]:
    """What a draft said at one revision; as it is now for one that nobody knows."""
    found: dict[str, Any] | None = (
        Revision.objects.filter(version=version, number=revision).values_list("content", flat=True).first()
    )
    return found if found is not None else version.content


def write(
    version: Version,
    content: Mapping[str, Any],
    *,
    says: str,
    by: User | str,
    at: datetime,
    page: str = "",
    undo: int | None = None,
    redo: int | None = None,
    action: str = "version.edit",
) -> None:
    """Give a draft, which is locked, this content as its next revision. Raises `CannotEdit`."""
    version.content, version.digest = dict(content), _digest(content)
    last = version.revisions.aggregate(last=Max("number"))["last"] if version.pk else None
    version.revision, version.edited_at = (last or 0) + 1, at
    version.save()
    Revision.objects.create(
        version=version,
        number=version.revision,
        content=version.content,
        says=says,
        undo=undo,
        redo=redo,
        page=page,
        author=by if isinstance(by, User) else None,
        at=at,
    )
    entries.record(
        action=action,
        object_kind="version",
        object_key=str(version),
        by=by,
        at=at,
        detail={"digest": version.digest, "revision": version.revision, "says": says},
    )


def _take_comments_along(workflow: Workflow, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """What was said about a step stays with it when it gets another key."""
    try:
        renamed = edits.renamed_step(before, after)
    except CannotEdit:
        return
    if renamed:
        comments.follow(workflow=workflow, old=renamed[0], new=renamed[1])


def _digest(content: Mapping[str, Any]) -> str:
    steps = content.get("steps", [])
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        raise CannotEdit("The steps of a workflow are a list, each of them with a key.")
    if len(steps) > MOST_STEPS:
        raise CannotEdit(f"A workflow has at most {MOST_STEPS} steps; make two of it.")
    try:
        written = digest.canonical(content)
    except ValueError as error:
        raise CannotEdit(f"This cannot stand in a file: {error}.") from None
    if len(written) > LARGEST_BYTES:
        raise CannotEdit("This is more than a workflow file holds.")
    if b"\\u0000" in written:
        raise CannotEdit("This cannot stand in a file: the character NUL.")
    return digest.of(content)


def _locked(workflow: Workflow, by: User | str) -> Workflow:
    """The workflow, for this transaction alone. Raises NotAllowed for who may not change it, and InReview."""
    workflow = Workflow.objects.select_for_update().get(pk=workflow.pk)
    if isinstance(by, User):
        check_may(by, "workflows.edit", workflow)
    reviews.check_free("workflow", workflow.key)
    return workflow


def _draft(workflow: Workflow) -> Version:
    version = workflow.versions.filter(frozen_at=None).select_related("workflow", "parent").first()
    if version is None:
        raise NoDraft(f"{workflow.name} has no open draft.")
    return version
