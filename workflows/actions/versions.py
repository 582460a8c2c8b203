"""Drafts are made, frozen and compared here; what is frozen has a digest and never changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from martechops.audit import entries
from martechops.lib import digest
from martechops.people.models import User
from workflows.engine.parse import parse
from workflows.models import Version, Workflow


class AlreadyFrozen(Exception):
    """The version is frozen; make a new one from it instead."""


@transaction.atomic
def draft(*, workflow: Workflow, content: Mapping[str, Any], by: User | str, at: datetime, note: str = "") -> Version:
    """A new draft, or the workflow's open one with this content. Raises `BadSpec`."""
    parse(content)
    workflow = Workflow.objects.select_for_update().get(pk=workflow.pk)
    frozen = workflow.versions.exclude(frozen_at=None).order_by("number").last()
    last = workflow.versions.aggregate(Max("number"))["number__max"] or 0
    version = workflow.versions.filter(frozen_at=None).first() or Version(
        workflow=workflow, number=last + 1, parent=frozen, created_at=at
    )
    version.content, version.digest, version.note = dict(content), digest.of(content), note
    version.author = by if isinstance(by, User) else None
    version.save()
    entries.record(
        action="version.draft",
        object_kind="version",
        object_key=str(version),
        by=by,
        at=at,
        detail={"digest": version.digest, "note": note},
    )
    return version


@transaction.atomic
def freeze(*, version: Version, by: User | str, at: datetime) -> Version:
    """From now on this content never changes. Raises `AlreadyFrozen`, `BadSpec`."""
    version = Version.objects.select_for_update().select_related("workflow").get(pk=version.pk)
    if version.frozen_at is not None:
        raise AlreadyFrozen(f"{version} is frozen since {version.frozen_at:%Y-%m-%d}; make a new version from it")
    parse(version.content)
    version.frozen_at = at
    version.save()
    entries.record(
        action="version.freeze",
        object_kind="version",
        object_key=str(version),
        by=by,
        at=at,
        detail={"digest": version.digest},
    )
    return version
