"""The one switch that makes a version live. Called by `campaigns.actions.rollouts` and by nothing else."""

from datetime import datetime

from django.db import transaction

from martechops.audit import entries
from martechops.people.models import User
from workflows.models import Activation, Version, Workflow


class CannotActivate(Exception):
    """This version may not go live; the message says why."""


def check(version: Version, workflow: Workflow) -> None:
    """Return if it is something that can be live at all. Raises `CannotActivate`."""
    if workflow.map_only:
        raise CannotActivate(f"{workflow.key} only documents how things are: it is never run")
    if version.frozen_at is None:
        raise CannotActivate(f"{version} is a draft: freeze it first")


@transaction.atomic
def activate(*, version: Version, by: User | str, at: datetime) -> Activation:
    """Make a frozen version the live one of its workflow; runs in flight stay on theirs. Raises `CannotActivate`."""
    workflow = Workflow.objects.select_for_update().get(pk=version.workflow_id)
    check(version, workflow)
    workflow.activations.filter(until=None).update(until=at)
    activation = Activation.objects.create(workflow=workflow, version=version, since=at)
    entries.record(
        action="workflow.activate",
        object_kind="workflow",
        object_key=workflow.key,
        by=by,
        at=at,
        detail={"version": version.number, "digest": version.digest},
    )
    return activation


@transaction.atomic
def deactivate(*, workflow: Workflow, by: User | str, at: datetime) -> Activation | None:
    """From now on nobody enters the workflow; runs in flight finish. None where nothing was live."""
    workflow = Workflow.objects.select_for_update().get(pk=workflow.pk)
    activation = workflow.activations.filter(until=None).select_related("version").first()
    if activation is None:
        return None
    activation.until = at
    activation.save()
    entries.record(
        action="workflow.deactivate",
        object_kind="workflow",
        object_key=workflow.key,
        by=by,
        at=at,
        detail={"version": activation.version.number, "digest": activation.version.digest},
    )
    return activation
