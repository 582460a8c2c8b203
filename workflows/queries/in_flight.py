"""People who are on their way, by version and step, and where they would go: asked before anybody is moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from martechops.lib import digest
from workflows.engine import in_flight
from workflows.engine.in_flight import Landing
from workflows.engine.spec import Spec
from workflows.models import Activation, Move, Run, RunMove, Version

from . import live


@dataclass(frozen=True, slots=True)
class Group:
    """Those who wait at one step of the old version, and where they go."""

    step: str
    name: str
    people: int
    landing: Landing
    #: What the step they go to is called.
    to: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Everybody who is on the way on one version."""

    old: Version
    new: Version
    policy: str
    steps: Mapping[str, str]
    groups: Sequence[Group]

    @property
    def people(self) -> int:
        return sum(group.people for group in self.groups)

    @property
    def moving(self) -> int:
        return sum(group.people for group in self.groups if group.landing.moves)

    @property
    def staying(self) -> int:
        return self.people - self.moving

    @property
    def token(self) -> str:
        """Another one as soon as anything of what it shows is another."""
        said = [[group.step, group.people, group.landing.way, group.landing.step] for group in self.groups]
        return digest.of([self.old.pk, self.new.pk, self.policy, sorted(self.steps.items()), said])[:16]


def preview(*, old: Version, new: Version, policy: str, steps: Mapping[str, str] | None = None) -> Preview:
    """Where each of them would go. Four queries, however many there are. Raises BadMap, BadSpec and ValueError."""
    before, after = specs(old, new)
    landings = in_flight.landings(policy, old=before, new=after, steps=steps or {})
    waiting = waiting_by_step(old)
    order = before.positions
    groups = [
        _group(before, after, step, people, landings.get(step) or _lost(step))
        for step, people in sorted(waiting.items(), key=lambda one: order.get(one[0], len(order)))
    ]
    return Preview(old, new, policy, steps or {}, groups)


def specs(*versions: Version) -> list[Spec]:
    """As the runtime reads them: with the names of today. Raises BadSpec."""
    today = live.today()
    return [live.spec_of(version, today) for version in versions]


def waiting_by_step(version: Version) -> dict[str, int]:
    """How many of its runs wait at each step now."""
    rows = Run.objects.filter(workflow_id=version.workflow_id, version_id=version.pk, state=Run.State.WAITING)
    return dict(rows.values_list("step").annotate(Count("pk")).order_by())


def with_state(versions: QuerySet[Version]) -> QuerySet[Version]:
    """Each with `in_flight`, how many are on the way on it, and `is_live`."""
    waiting = Run.objects.filter(
        workflow_id=OuterRef("workflow_id"), version_id=OuterRef("pk"), state=Run.State.WAITING
    )
    counted = waiting.order_by().values("version_id").annotate(people=Count("pk")).values("people")
    live = Activation.arms.filter(version_id=OuterRef("pk"), until=None)
    return versions.annotate(in_flight=Coalesce(Subquery(counted), 0), is_live=Exists(live))


def entered_now(workflow_id: int) -> set[int]:
    """Versions that somebody can enter: what is live for everybody, and what is tried beside it."""
    return set(Activation.arms.filter(workflow_id=workflow_id, until=None).values_list("version_id", flat=True))


def waiting_by_version(workflow_id: int) -> dict[int, int]:
    """How many runs are on the way on each version of a workflow: one that is not live is finishing."""
    rows = Run.objects.filter(workflow_id=workflow_id, state=Run.State.WAITING)
    return dict(rows.values_list("version_id").annotate(Count("pk")).order_by())


def moves_of_workflow(workflow_id: int) -> list[Move]:
    """Every move of a workflow's runs, newest first."""
    found = Move.objects.filter(from_version__workflow_id=workflow_id).order_by("-pk")
    return list(found.select_related("from_version__workflow", "to_version__workflow", "started_by")[:20])


def moves_of_run(run_id: int) -> list[RunMove]:
    """How a run came to its version, oldest first."""
    found = RunMove.objects.filter(run_id=run_id).order_by("pk")
    return list(found.select_related("move__from_version__workflow", "move__to_version__workflow", "move__started_by"))


def done_by_way(move: Move) -> dict[str, int]:
    """What became of the runs that a move has come to."""
    return dict(move.done.values_list("way").annotate(Count("pk")).order_by())


def _lost(step: str) -> Landing:
    return Landing(in_flight.STAYS, step, "its own version has no such step")


def _group(old: Spec, new: Spec, step: str, people: int, landing: Landing) -> Group:
    to = _name(new if landing.moves and landing.way != in_flight.ENDS else old, landing.step)
    return Group(step, _name(old, step), people, landing, to)


def _name(spec: Spec, step: str) -> str:
    return spec.step(step).name if step in spec.positions else step
