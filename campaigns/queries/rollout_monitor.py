"""A rollout as its page shows it: stages, gates with both arms, whom it reached, and what each button would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log

from django.db.models import Count

from campaigns import ramps, rollout_states
from campaigns.gates import GATES, Finding, Gate, Verdict
from campaigns.models import Rollout, RolloutLook, RolloutStep
from campaigns.ramps import Ramp, Stage, Standing
from campaigns.rollout_states import OUT, State, Step
from workflows.engine.arms import Arm
from workflows.models import Contact, Effect, Exposure, Run
from workflows.queries import specs

from . import rollouts

_SAMPLE = 8


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage on the bar."""

    stage: Stage
    #: done, now, ahead, or where it ended before everybody got it.
    place: str
    #: People who met it, of the stage that is now.
    met: int = 0

    @property
    def share(self) -> int:
        """How far it is, in percent."""
        if self.place != "now":
            return 100 if self.place == "done" else 0
        return min(100, 100 * self.met // max(1, self.stage.at_least))


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate with what it found at the newest look."""

    gate: Gate
    finding: Finding

    @property
    def is_comparison(self) -> bool:
        return self.gate.alpha > 0

    @property
    def is_quiet(self) -> bool:
        """Nothing to decide by it: where there is little room its numbers are left out."""
        return self.finding.verdict in (Verdict.PASS, Verdict.WAITING)

    @property
    def grown(self) -> float:
        """How much of the evidence that it takes there is, in percent, by its logarithm."""
        value, limit = self.finding.value or 0.0, self.finding.limit or 0.0
        if not self.is_comparison:
            return 100.0 if value > limit else 0.0
        return round(100 * min(1.0, max(0.0, log(max(value, 1.0)) / log(limit))), 1) if limit > 1 else 0.0

    @property
    def bars(self) -> tuple[tuple[str, float, str], ...]:
        """Both arms: name, width of a hundred, and share in words."""
        rates = (("candidate", self.finding.candidate_rate), ("stable", self.finding.stable_rate))
        widest = max((rate for _, rate in rates if rate is not None), default=0.0) or 1.0
        return tuple((name, round(100 * rate / widest, 1), f"{rate:.1%}") for name, rate in rates if rate is not None)


@dataclass(frozen=True, slots=True)
class Choice:
    """A button, and what pressing it comes to, in numbers."""

    step: Step[State]
    says: str


@dataclass(frozen=True, slots=True)
class Lead:
    """One person who met it."""

    contact: Contact
    arm: str
    at: datetime
    run: Run | None


@dataclass(frozen=True, slots=True)
class Monitor:
    """The page."""

    rollout: Rollout
    standing: Standing
    ramp: Ramp
    stages: Sequence[StageLine]
    gates: Sequence[GateLine]
    steps: Sequence[RolloutStep]
    look: RolloutLook | None
    met: int
    stable_met: int
    leads: Sequence[Lead]
    choices: Sequence[Choice]

    @property
    def subject(self) -> str:
        """What goes through the workflow: contact, content or workspace."""
        return specs.of(self.rollout.version).spec.subject

    @property
    def is_open(self) -> bool:
        return self.standing.state in rollout_states.OPEN


def of(rollout: Rollout) -> Monitor:
    """A dozen queries."""
    standing, ramp = rollouts.standing(rollout), rollouts.ramp_of(rollout)
    look = rollout.looks.first()
    arms = dict(Exposure.objects.filter(rollout_id=rollout.pk).order_by().values_list("arm").annotate(Count("pk")))
    met, in_stage = arms.get(Arm.CANDIDATE, 0), look.met_in_stage if look and look.stage == standing.stage else 0
    return Monitor(
        rollout=rollout,
        standing=standing,
        ramp=ramp,
        stages=[_stage(ramp, standing, index, in_stage) for index in range(len(ramp.stages))],
        gates=_gates(look),
        steps=list(rollout.steps.select_related("by").order_by("-number")),
        look=look,
        met=met,
        stable_met=arms.get(Arm.STABLE, 0),
        leads=_leads(rollout),
        choices=_choices(rollout, ramp, standing, met=met, in_stage=in_stage),
    )


def alarms(found: Sequence[Rollout]) -> dict[int, list[Finding]]:
    """Of each, what fails or is in doubt at its newest look. One query."""
    looks = RolloutLook.objects.filter(rollout__in=[row.pk for row in found]).order_by("rollout_id", "-pk")
    return {
        look.rollout_id: [
            line.finding for line in _gates(look) if line.finding.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)
        ]
        for look in looks.distinct("rollout_id")
    }


def _stage(ramp: Ramp, standing: Standing, index: int, met: int) -> StageLine:
    over = standing.state == State.DONE
    if index < standing.stage or (over and index <= standing.stage):
        return StageLine(ramp.stages[index], "done")
    if index == standing.stage and standing.state in OUT:
        return StageLine(ramp.stages[index], "now", met)
    if index == standing.stage and standing.state in (State.ROLLED_BACK, State.CALLED_OFF):
        return StageLine(ramp.stages[index], "ended here")
    return StageLine(ramp.stages[index], "ahead")


def _gates(look: RolloutLook | None) -> list[GateLine]:
    found = {one["gate"]: Finding.of(one) for one in look.findings} if look else {}
    return [GateLine(gate, found[gate.key]) for gate in GATES if gate.key in found]


def _leads(rollout: Rollout) -> list[Lead]:
    newest = Exposure.objects.filter(rollout_id=rollout.pk, contact_id__isnull=False)
    rows = [*newest.filter(arm=Arm.CANDIDATE)[:_SAMPLE], *newest.filter(arm=Arm.STABLE)[: _SAMPLE // 2]]
    contacts = Contact.objects.in_bulk([row.contact_id for row in rows if row.contact_id])
    runs = {
        run.contact_id: run
        for run in Run.objects.filter(
            contact_id__in=contacts, workflow_id=rollout.version.workflow_id, entered_at__gte=rollout.started_at
        ).order_by("pk")
    }
    return [
        Lead(contacts[row.contact_id], row.arm, row.at, runs.get(row.contact_id))
        for row in rows
        if row.contact_id in contacts
    ]


def _choices(rollout: Rollout, ramp: Ramp, standing: Standing, *, met: int, in_stage: int) -> list[Choice]:
    """Of promoting and taking live only that which leads on from here."""
    onward = ramps.forward(ramp, standing.stage)
    steps = [
        step
        for step in rollout_states.possible(standing.state)
        if step.verb not in ("promote", "complete") or step.verb == onward
    ]
    if not steps:
        return []
    waiting = Run.objects.filter(
        workflow_id=rollout.version.workflow_id, version_id=rollout.version_id, state=Run.State.WAITING
    ).count()
    planned = Effect.objects.filter(
        state=Effect.State.PLANNED, workflow_id=rollout.version.workflow_id, version_id=rollout.version_id
    ).count()
    numbers = {"met": met, "waiting": waiting, "planned": planned, "in_stage": in_stage}
    return [Choice(step, _says(step, rollout, ramp, standing, **numbers)) for step in steps]


def _says(
    step: Step[State],
    rollout: Rollout,
    ramp: Ramp,
    standing: Standing,
    *,
    met: int,
    waiting: int,
    planned: int,
    in_stage: int,
) -> str:
    stage = ramp.stages[standing.stage]
    after = ramp.stages[min(standing.stage + 1, len(ramp.stages) - 1)]
    back = f"version {rollout.stable.number}" if rollout.stable else "no version"
    enough = f"{in_stage} of the {stage.at_least} people that this stage asks for have met it."
    return {
        "begin": f"{stage.words} of those who enter from now on get version {rollout.version.number}.",
        "promote": f"{enough} From now on {after.words} of those who enter get it; nobody changes arms.",
        "complete": f"{enough} From now on everybody who enters gets it; who is on {back} finishes there.",
        "hold": f"{met} people have met it and keep it, {stage.words} of new ones go on getting it; nothing promotes.",
        "go_on": f"It goes on at {stage.words}, with {in_stage} of {stage.at_least} people.",
        "roll_back": f"{met} people have met it. {waiting} runs of it stop, {planned} planned effects are held, "
        f"and everybody enters {back} again.",
        "call_off": f"{met} people have met it, and {waiting} runs of it finish. Everybody enters {back} from now on.",
    }[step.verb]
