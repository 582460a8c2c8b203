"""How a version goes live; nothing else may turn the switch."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns import policies, rollout_states
from campaigns.actions import approvals, letters, releases, repairs
from campaigns.models import ApprovalRequest, BreakGlass, Campaign, Release, Rollout, RolloutStep
from campaigns.queries import approval_subjects, checklists, manifests
from campaigns.queries import rollouts as reading
from campaigns.ramps import AT_ONCE, Ramp, Standing
from campaigns.rollout_states import State
from martechops.audit import entries
from martechops.lib import crash_points
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.actions import activations, moves
from workflows.actions.moves import InFlight
from workflows.engine.in_flight import PIN
from workflows.engine.parse import BadSpec
from workflows.models import Activation, Run, Segment, Version, Workflow
from workflows.queries import in_flight as ways

#: Who acts where no person does, in the audit log.
CONTROLLER = "rollouts"

#: Whoever is on the way finishes on the version they entered.
FINISH = InFlight()

#: This version may not go live; the message says why. Raised by what takes one live.
CannotActivate = activations.CannotActivate


class NotReady(CannotActivate):
    """A check that blocks has failed for exactly this, or a person has not signed; the message says which first."""


class NotApproved(CannotActivate):
    """People take live only what others have agreed to, as it is now; the message says what is missing."""


class NotAsItWas(NotApproved):
    """What the release pins was changed since it was agreed to: it goes no further by itself."""


@transaction.atomic
def switch_over(
    *,
    version: Version,
    by: User | str,
    at: datetime,
    note: str = "",
    campaign: Campaign | None = None,
    break_glass: BreakGlass | None = None,
    in_flight: InFlight = FINISH,
) -> Rollout:
    """Take a version live for everybody at once: a rollout of one stage.

    `in_flight` says what becomes of those on their way on the version whose place it takes.
    A person needs the approval that its risk asks for, at the digest that it has now: of the release, or of the
    campaign that it goes live with. A part of the system, which loads what was approved elsewhere, is not asked; the
    audit log names it. Raises `CannotActivate` and `NotApproved`.
    """
    rollout = _decide(
        version, AT_ONCE, by=by, at=at, note=note, campaign=campaign, break_glass=break_glass, in_flight=in_flight
    )
    _write_step(rollout, None, "complete", stage=0, by=by, at=at, because=note)
    _audit(rollout, "switch_over", by=by, at=at, note=note)
    activations.activate(version=version, by=by, at=at)
    _take_along(rollout, seen=in_flight.seen, by=by, at=at)
    return rollout


@transaction.atomic
def start(
    *,
    version: Version,
    ramp: Ramp,
    by: User | str,
    at: datetime,
    note: str = "",
    starts_at: datetime | None = None,
    in_flight: InFlight = FINISH,
) -> Rollout:
    """Let a version out stage by stage, now or from `starts_at` on; the controller takes it from there.

    Once it is for everybody, those on their way on the former version go where `in_flight` says.

    Asks for what `switch_over` asks for, once: what is agreed to is the release, however it goes out. Raises
    NotAllowed, `CannotActivate` and `NotApproved`.
    """
    if isinstance(by, User):
        check_may(by, "rollouts.start", version.workflow)
    known = set(Segment.objects.values_list("key", flat=True))
    if missing := {stage.segment for stage in ramp.stages if stage.segment} - known:
        raise CannotActivate(f"there is no segment {', '.join(sorted(missing))}")
    is_later = starts_at is not None and starts_at > at
    if is_later and ramp.stages[0].is_everybody:
        raise CannotActivate("what goes to everybody at once is given its hour where it is approved")
    rollout = _decide(version, ramp, by=by, at=at, note=note, starts_at=starts_at, in_flight=in_flight)
    if ramp.stages[0].is_everybody:
        _write_step(rollout, None, "complete", stage=0, by=by, at=at, because=note)
        activations.activate(version=version, by=by, at=at)
        _take_along(rollout, seen=in_flight.seen, by=by, at=at)
    elif is_later:
        _write_step(rollout, None, "schedule", stage=0, by=by, at=at, because=note)
    else:
        _write_step(rollout, None, "begin", stage=0, by=by, at=at, because=note)
        _let_out(rollout, ramp, 0, by=by, at=at)
    _audit(rollout, "start", by=by, at=at, ramp=ramp.plain, note=note)
    return rollout


def _decide(
    version: Version,
    ramp: Ramp,
    *,
    by: User | str,
    at: datetime,
    note: str,
    campaign: Campaign | None = None,
    break_glass: BreakGlass | None = None,
    starts_at: datetime | None = None,
    in_flight: InFlight = FINISH,
) -> Rollout:
    """The row, for a version that may go live. Locks the workflow, and then the audit log. Raises CannotActivate."""
    workflow = Workflow.objects.select_for_update().get(pk=version.workflow_id)
    activations.check(version, workflow)
    _check_readable(version)
    if running := reading.open_of(workflow.pk):
        first = f"take it to its end, roll it back or call it off first (/rollouts/{running.pk}/)"
        raise CannotActivate(f"{running} is under way: {first}")
    live = Activation.objects.filter(workflow=workflow, until=None).select_related("version__workflow").first()
    stable = live.version if live and live.version_id != version.pk else None
    if stable is not None and in_flight.policy != PIN:
        _check_ways(stable, version, in_flight)
    entries.hold_back_others()
    release = releases.current(version=version, by=by, at=at)
    approval = None
    if isinstance(by, User) and break_glass is None:
        approval = _agreed(release, campaign, at)
    return Rollout.objects.create(
        version=version,
        started_at=at,
        started_by=by if isinstance(by, User) else None,
        note=note,
        release=release,
        approval=approval,
        break_glass=break_glass,
        stable=stable,
        ramp=ramp.plain,
        starts_at=starts_at,
        in_flight={"policy": in_flight.policy, "steps": dict(in_flight.steps or {})},
    )


def _check_readable(version: Version) -> None:
    """It can be run as definitions are today: one that cannot would hold up the events that it waits for."""
    try:
        ways.specs(version)
    except BadSpec as error:
        raise CannotActivate(f"{version} cannot be run: {error}") from None


def _check_ways(stable: Version, version: Version, in_flight: InFlight) -> None:
    """What is carried out when it is for everybody can be carried out. Raises CannotActivate."""
    try:
        ways.preview(old=stable, new=version, policy=in_flight.policy, steps=in_flight.steps)
    except (moves.BadMap, BadSpec, ValueError) as error:
        raise CannotActivate(f"those on their way cannot be taken along so: {error}") from None


def _take_along(rollout: Rollout, *, by: User | str, at: datetime, seen: str = "") -> None:
    """Those on their way on the version whose place it took, as was chosen. Raises CannotActivate."""
    if rollout.stable is None or rollout.in_flight.get("policy", PIN) == PIN:
        return
    try:
        moves.begin(
            old=rollout.stable,
            new=rollout.version,
            **rollout.in_flight,
            seen=seen,
            cause=f"it went live with rollout {rollout.pk}",
            by=by,
            at=at,
        )
    except (moves.CannotMove, moves.BadMap) as error:
        raise CannotActivate(str(error)) from None


def _audit(rollout: Rollout, verb: str, *, by: User | str, at: datetime, **detail: Any) -> None:
    release = rollout.release
    entries.record(
        action=f"rollout.{verb}",
        object_kind="rollout",
        object_key=str(rollout.pk),
        by=by,
        at=at,
        detail={
            "version": str(rollout.version),
            "release": str(release) if release else None,
            "digest": release.digest if release else None,
            "request": rollout.approval_id,
            "break_glass": rollout.break_glass_id,
            **detail,
        },
    )


def move(*, rollout: Rollout, verb: str, by: User, at: datetime, because: str = "", seen: int | None = None) -> Rollout:
    """A person takes a step: `begin`, `promote`, `complete`, `hold`, `go_on`, `roll_back` or `call_off`.

    Whoever sees that something goes wrong stops it; to let more people in takes the workflow's team. `seen` is the
    number of the newest step that they saw: where another came meanwhile, nobody more is let in, so that two who
    promote at once promote once. Raises NotAllowed, `rollout_states.WrongState` and `CannotActivate`.
    """
    check_may(by, rule_of(verb), rollout.version.workflow)
    return take(rollout=rollout, verb=verb, by=by, at=at, because=because, seen=None if verb in _STOPS else seen)


def rule_of(verb: str) -> str:
    """The rule of `people.permissions` for a step: whoever sees that something goes wrong stops it."""
    return "rollouts.stop" if verb in _STOPS else "rollouts.start"


@transaction.atomic
def take(
    *, rollout: Rollout, verb: str, by: User | str, at: datetime, because: str, seen: int | None = None
) -> Rollout:
    """One step, its switch, its entry in the log and its notice in one commit; two who saw the same take one.

    Raises WrongState and CannotActivate.
    """
    rollout = locked(rollout.pk)
    standing = reading.standing(rollout)
    rollout_states.after(standing.state, verb)
    if seen is not None and seen != standing.number:
        raise rollout_states.WrongState("Somebody took a step meanwhile: look at where it stands now, and decide again")
    ramp = reading.ramp_of(rollout)
    stage = _WAYS[verb](rollout, ramp, standing, by=by, at=at)
    _write_step(rollout, standing, verb, stage=stage, by=by, at=at, because=because)
    letters.rollout_moved(rollout, verb=verb, stage=ramp.stages[stage].words, because=because, by=by, at=at)
    _audit(rollout, verb, by=by, at=at, stage=stage, because=because)
    crash_points.at("rollout.decided")
    return rollout


def locked(rollout_id: int) -> Rollout:
    """It, with the lock of its workflow, which whoever changes what is live of it holds."""
    rollout = Rollout.objects.select_related("version__workflow", "release", "stable").get(pk=rollout_id)
    Workflow.objects.select_for_update().get(pk=rollout.version.workflow_id)
    return rollout


def _write_step(
    rollout: Rollout, before: Standing | None, verb: str, *, stage: int, by: User | str, at: datetime, because: str
) -> None:
    to = rollout_states.after(before.state, verb) if before else _FIRST[verb]
    RolloutStep.objects.create(
        rollout=rollout,
        number=rollout.steps.count() + 1,
        verb=verb,
        state=to,
        stage=stage,
        by=by if isinstance(by, User) else None,
        because=because,
        at=at,
        after_run=Run.objects.order_by("-pk").values_list("pk", flat=True).first() or 0,
    )


#: What a rollout's first step makes of it.
_FIRST = {"schedule": State.SCHEDULED, "begin": State.RUNNING, "complete": State.DONE}
#: These take no ownership.
_STOPS = frozenset({"hold", "roll_back", "call_off"})


def _let_out(rollout: Rollout, ramp: Ramp, stage: int, *, by: User | str, at: datetime) -> None:
    """The switch of a stage that is not everybody's. The release line is the release: what is mended is another one."""
    now = ramp.stages[stage]
    activations.try_out(
        version=rollout.version,
        rollout_id=rollout.pk,
        salt=str(rollout.release or rollout.version),
        share_percent=now.share_percent,
        segment=now.segment,
        by=by,
        at=at,
    )


def _begin(rollout: Rollout, ramp: Ramp, standing: Standing, *, by: User | str, at: datetime) -> int:
    _check_unchanged(rollout)
    _let_out(rollout, ramp, standing.stage, by=by, at=at)
    return standing.stage


def _promote(rollout: Rollout, ramp: Ramp, standing: Standing, *, by: User | str, at: datetime) -> int:
    stage = standing.stage + 1
    if stage >= len(ramp.stages) or ramp.stages[stage].is_everybody:
        raise CannotActivate(f"{rollout} has no other stage before it is for everybody: take it live for all")
    _check_unchanged(rollout)
    _let_out(rollout, ramp, stage, by=by, at=at)
    return stage


def _complete(rollout: Rollout, ramp: Ramp, standing: Standing, *, by: User | str, at: datetime) -> int:
    del standing
    _check_unchanged(rollout)
    activations.end_candidate(workflow=rollout.version.workflow, by=by, at=at)
    activations.activate(version=rollout.version, by=by, at=at)
    _take_along(rollout, by=by, at=at)
    return len(ramp.stages) - 1


def _stay(rollout: Rollout, ramp: Ramp, standing: Standing, *, by: User | str, at: datetime) -> int:
    del rollout, ramp, by, at
    return standing.stage


def _roll_back(rollout: Rollout, ramp: Ramp, standing: Standing, *, by: User | str, at: datetime) -> int:
    """End it, go back to what was live before if it is live for everybody by now, and have listed what it did."""
    del ramp
    version = rollout.version
    if standing.state == State.DONE and not Activation.objects.filter(version=version, until=None).exists():
        raise CannotActivate(f"{version} is not what is live any more: there is nothing to roll back")
    activations.withdraw(version=version, by=by, at=at)
    if standing.state == State.DONE:
        if (former := reading.former(rollout)) is not None:
            activations.activate(version=former, by=by, at=at)
        _hold_what_is_beside_it(version, by=by, at=at)
    if rollout.stable is not None:
        moves.take_back(version=version, to=rollout.stable, by=by, at=at, cause=f"rollout {rollout.pk} was rolled back")
    repairs.open_for(version=version, rollout=rollout, by=by, at=at, because="it was rolled back")
    return standing.stage


def _hold_what_is_beside_it(version: Version, *, by: User | str, at: datetime) -> None:
    """What is being let out beside a version that turned out bad is compared with another one from now on."""
    running = reading.open_of(version.workflow_id)
    if running is not None and reading.standing(running).state == State.RUNNING:
        take(
            rollout=running, verb="hold", by=by, at=at, because=f"{version}, which it goes out beside, was rolled back"
        )


def _call_off(rollout: Rollout, ramp: Ramp, standing: Standing, *, by: User | str, at: datetime) -> int:
    del ramp
    activations.end_candidate(workflow=rollout.version.workflow, by=by, at=at)
    return standing.stage


_WAYS: Mapping[str, Callable[..., int]] = {
    "begin": _begin,
    "promote": _promote,
    "complete": _complete,
    "hold": _stay,
    "go_on": _stay,
    "roll_back": _roll_back,
    "call_off": _call_off,
}


def _check_unchanged(rollout: Rollout) -> None:
    """More people get exactly what was agreed to. Raises NotAsItWas."""
    if rollout.release and manifests.of_versions([rollout.version]).digest != rollout.release.digest:
        anew = f"call it off, and have it agreed to as it is now (/approvals/ask/{rollout.version_id}/)"
        raise NotAsItWas(f"what {rollout.version} depends on was changed since it was let out: {anew}")


def _agreed(release: Release, campaign: Campaign | None, at: datetime) -> ApprovalRequest | None:
    """The approval in force; None where nobody is needed. Raises NotApproved."""
    key = approval_subjects.key_of_release(release)
    if against := checklists.stands_against("release", key, digest=release.digest):
        raise NotReady(f"{release.version} does not pass its checks: {against[0]} (/checks/release/{key}/)")
    if approval := approvals.in_force(kind="release", key=key, digest=release.digest, at=at):
        return approval
    if campaign is not None and (approval := approvals.in_force_with(campaign, release, at=at)):
        return approval
    subject = approval_subjects.current("release", key)
    teams = subject.teams if subject else ()
    if not policies.needs(risk=release.risk, sections=["logic"], teams=teams):
        return None
    where = f"ask for approval first (/approvals/ask/{release.version_id}/)"
    raise NotApproved(f"{release.version} is of {release.risk} risk, and nobody has approved it as it is now: {where}")


@transaction.atomic
def switch_off(*, workflow: Workflow, by: User | str, at: datetime) -> Version | None:
    """Take a workflow off: nobody enters it any more, who is on the way finishes. The version that was live, if any.

    A rollout of it that is under way is called off.
    """
    if running := reading.open_of(workflow.pk):
        take(rollout=running, verb="call_off", by=by, at=at, because="the workflow was taken off")
    ended = activations.deactivate(workflow=workflow, by=by, at=at)
    return ended.version if ended else None
