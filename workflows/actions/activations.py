"""The one switch that makes a version live. Called by `campaigns.actions.rollouts` and by nothing else."""

from datetime import datetime

from django.db import transaction

from martechops.audit import entries
from martechops.people.models import User
from workflows.engine.arms import Arm
from workflows.models import Activation, Version, Workflow


class CannotActivate(Exception):
    """This version may not go live; the message says why."""


def check(version: Version, workflow: Workflow) -> None:
    """Return if it is something that can be live at all. Raises `CannotActivate`."""
    if workflow.map_only:
        raise CannotActivate(f"{workflow.key} only documents how things are: it is never run")
    if version.frozen_at is None:
        raise CannotActivate(f"{version} is a draft: freeze it first (/workflows/{workflow.key}/versions/)")


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
def try_out(
    *,
    version: Version,
    rollout_id: int,
    salt: str,
    by: User | str,
    at: datetime,
    share_percent: int | None = None,
    segment: str = "",
) -> Activation:
    """Let a share, or a segment, enter a frozen version in place of what is live; everybody else goes on as before.

    Takes the place of a former share of the same workflow: nobody who is in either arm leaves it. Raises
    `CannotActivate`.
    """
    workflow = Workflow.objects.select_for_update().get(pk=version.workflow_id)
    check(version, workflow)
    _end(workflow, Arm.CANDIDATE, at=at)
    activation = Activation.arms.create(
        workflow=workflow,
        version=version,
        since=at,
        arm=Arm.CANDIDATE,
        rollout_id=rollout_id,
        salt=salt,
        share_percent=share_percent,
        segment=segment,
    )
    entries.record(
        action="workflow.try_out",
        object_kind="workflow",
        object_key=workflow.key,
        by=by,
        at=at,
        detail={
            "version": version.number,
            "digest": version.digest,
            "rollout": rollout_id,
            "share_percent": share_percent,
            "segment": segment,
        },
    )
    return activation


@transaction.atomic
def end_candidate(*, workflow: Workflow, by: User | str, at: datetime) -> None:
    """From now on everybody enters what is live for everybody; who is on the candidate's way finishes there."""
    workflow = Workflow.objects.select_for_update().get(pk=workflow.pk)
    if _end(workflow, Arm.CANDIDATE, at=at):
        entries.record(
            action="workflow.end_candidate", object_kind="workflow", object_key=workflow.key, by=by, at=at, detail={}
        )


@transaction.atomic
def withdraw(*, version: Version, by: User | str, at: datetime) -> None:
    """A version is bad: nobody enters it, nobody goes further on it, and nothing of it is sent any more.

    That holds from the commit on: batches that let somebody in hold the switch until their own commit, and those that
    come later find it ended. If it was live for everybody, nothing is until something else is activated.
    """
    workflow = Workflow.objects.select_for_update().get(pk=version.workflow_id)
    ended = Activation.arms.filter(workflow=workflow, version=version, until=None).update(until=at, withdrawn=True)
    entries.record(
        action="workflow.withdraw",
        object_kind="workflow",
        object_key=workflow.key,
        by=by,
        at=at,
        detail={"version": version.number, "digest": version.digest, "was_live": bool(ended)},
    )


def _end(workflow: Workflow, arm: Arm, *, at: datetime) -> int:
    return Activation.arms.filter(workflow=workflow, arm=arm, until=None).update(until=at)


@transaction.atomic
def deactivate(*, workflow: Workflow, by: User | str, at: datetime) -> Activation | None:
    """From now on nobody enters the workflow, nor a candidate of it; runs in flight finish.

    None where nothing was live for everybody.
    """
    workflow = Workflow.objects.select_for_update().get(pk=workflow.pk)
    _end(workflow, Arm.CANDIDATE, at=at)
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
