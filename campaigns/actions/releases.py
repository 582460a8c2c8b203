"""Releases are made of frozen versions, one for each thing that a version turned out to mean."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from campaigns.manifests import Manifest
from campaigns.models import Release
from campaigns.queries import manifests
from martechops.audit import entries
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.models import Version, Workflow
from workflows.queries import specs


class CannotRelease(Exception):
    """This version is nothing that could go live; the message says why."""


@transaction.atomic
def make(*, version: Version, by: User | str, at: datetime, note: str = "") -> Release:
    """The release of a version as everything stands now; the newest one of it, if that says the same.

    Locks the workflow. Raises CannotRelease and NotAllowed.
    """
    workflow = Workflow.objects.select_for_update().get(pk=version.workflow_id)
    if isinstance(by, User):
        check_may(by, "workflows.edit", workflow)
    return current(version=version, by=by, at=at, note=note)


def current(*, version: Version, by: User | str, at: datetime, note: str = "") -> Release:
    """As `make`, for who has locked the workflow and asked who may. Raises CannotRelease."""
    version = Version.objects.select_related("workflow").get(pk=version.pk)
    if version.frozen_at is None:
        raise CannotRelease(f"{version} is a draft: freeze it first.")
    if version.workflow.map_only:
        raise CannotRelease(f"{version.workflow.name} only documents how things are: it is never run.")
    manifest = manifests.of_versions([version])
    newest = version.releases.order_by("-number").first()
    if newest is not None and newest.digest == manifest.digest:
        return newest
    return _write(version, manifest, by=by, at=at, note=note)


def _write(version: Version, manifest: Manifest, *, by: User | str, at: datetime, note: str) -> Release:
    last = version.workflow.releases.aggregate(last=Max("number"))["last"] or 0
    release = Release.objects.create(
        workflow=version.workflow,
        version=version,
        number=last + 1,
        manifest=manifest.plain,
        digest=manifest.digest,
        risk=specs.of(version).spec.risk,
        note=note,
        made_by=by if isinstance(by, User) else None,
        made_at=at,
    )
    entries.record(
        action="release.make",
        object_kind="release",
        object_key=str(release),
        by=by,
        at=at,
        detail={"version": str(version), "digest": release.digest, "risk": release.risk, "note": note},
    )
    return release
