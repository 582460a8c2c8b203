"""People who are on their way, by version and step, and where they would go: asked before anybody is moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from martechops.lib import digest
from workflows.engine import in_flight
from workflows.engine.arms import Arm
from workflows.engine.in_flight import Landing
from workflows.engine.parse import BadSpec
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
    #: Where each step of the old version leads, also those where nobody waits now.
    landings: Mapping[str, Landing]

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
        """Names what it shows: where each step leads, and how many are moved."""
        ways = sorted([step, one.way, one.step] for step, one in self.landings.items())
        said = [self.old.pk, self.new.pk, self.policy, sorted(self.steps.items()), ways]
        return f"{digest.of(said)[:16]}-{self.moving}"

    def is_as(self, seen: str) -> bool:
        """Whether a token still says what is so: the same ways, and as many people, give or take one in twenty.

        On a busy workflow somebody goes on in every second: asked for the very same number, nobody could confirm any.
        """
        ways, _, moving = seen.partition("-")
        if ways != self.token.partition("-")[0] or not (moving.isdecimal() and len(moving) < 12):
            return False
        return abs(int(moving) - self.moving) <= int(moving) // _ALL_BUT


@dataclass(frozen=True, slots=True)
class Prospect:
    """Those who wait at one step of one version, and where each policy takes them; its map is `by_key`."""

    old: Version
    step: str
    name: str
    people: int
    #: By policy.
    landings: Mapping[str, Landing]

    def moved_by(self, policy: str) -> int:
        """How many of them it moves: all or none."""
        return self.people if self.landings[policy].moves else 0


#: A preview holds while the number of those who are moved differs by less than one in so many.
_ALL_BUT = 20


def prospects(new: Version) -> list[Prospect]:
    """Everybody on the way on another version of its workflow, if it went live now. As `preview` counts them.

    Four queries, however many versions there are. A version that cannot be read keeps whom it has.
    """
    rows = Run.objects.filter(workflow_id=new.workflow_id, state=Run.State.WAITING).exclude(version_id=new.pk)
    counted: dict[int, dict[str, int]] = {}
    for version, step, people in rows.values_list("version_id", "step").annotate(Count("pk")).order_by():
        counted.setdefault(version, {})[step] = people
    olds = Version.objects.filter(pk__in=counted).select_related("workflow").order_by("number")
    today = live.today()
    after = _read(new, today) if counted else None
    return [one for old in olds for one in _prospects(old, _read(old, today), after, counted[old.pk])]


def _read(version: Version, today: live.Today) -> Spec | None:
    try:
        return live.spec_of(version, today)
    except BadSpec:
        return None


def _prospects(old: Version, before: Spec | None, after: Spec | None, waiting: Mapping[str, int]) -> list[Prospect]:
    if before is None or after is None:
        stays = dict.fromkeys(in_flight.POLICIES, _UNREADABLE)
        return [Prospect(old, step, step, people, stays) for step, people in sorted(waiting.items())]
    suggested = in_flight.by_key(old=before, new=after)
    ways = {policy: _ways(before, after, policy, suggested) for policy in in_flight.POLICIES}
    return [
        Prospect(old, step, _name(before, step), people, {policy: _at(ways[policy], step) for policy in ways})
        for step, people in _in_order(before, waiting)
    ]


def _ways(before: Spec, after: Spec, policy: str, suggested: Mapping[str, str]) -> dict[str, Landing]:
    steps = suggested if policy == in_flight.MIGRATE else {}
    return in_flight.landings(policy, old=before, new=after, steps=steps)


_UNREADABLE = Landing(in_flight.STAYS, "", "a version cannot be read")


def preview(*, old: Version, new: Version, policy: str, steps: Mapping[str, str] | None = None) -> Preview:
    """Where each of them would go. Four queries, however many there are. Raises BadMap, BadSpec and ValueError."""
    before, after = specs(old, new)
    landings = in_flight.landings(policy, old=before, new=after, steps=steps or {})
    groups = [
        _group(before, after, step, people, _at(landings, step))
        for step, people in _in_order(before, waiting_by_step(old))
    ]
    return Preview(old, new, policy, steps or {}, groups, landings)


def specs(*versions: Version) -> list[Spec]:
    """As the runtime reads them: with the names of today. Raises BadSpec."""
    today = live.today()
    return [live.spec_of(version, today) for version in versions]


def waiting_by_step(version: Version) -> dict[str, int]:
    """How many of its runs wait at each step now."""
    rows = Run.objects.filter(workflow_id=version.workflow_id, version_id=version.pk, state=Run.State.WAITING)
    return dict(rows.values_list("step").annotate(Count("pk")).order_by())


def with_state(versions: QuerySet[Version]) -> QuerySet[Version]:
    """Each with `in_flight`, how many are on the way on it, `is_live`, `is_tried` and `is_withdrawn`."""
    waiting = Run.objects.filter(
        workflow_id=OuterRef("workflow_id"), version_id=OuterRef("pk"), state=Run.State.WAITING
    )
    counted = waiting.order_by().values("version_id").annotate(people=Count("pk")).values("people")
    arms = Activation.arms.filter(version_id=OuterRef("pk"))
    return versions.annotate(
        in_flight=Coalesce(Subquery(counted), 0),
        is_live=Exists(arms.filter(until=None, arm=Arm.STABLE.value)),
        is_tried=Exists(arms.filter(until=None, arm=Arm.CANDIDATE.value)),
        is_withdrawn=Exists(rolled_back().filter(version_id=OuterRef("pk"))),
    )


#: Where a frozen version stands.
LIVE, TRIED, FINISHING, ROLLED_BACK, FROZEN = "live", "rolling_out", "finishing", "rolled_back", "frozen"


@dataclass(frozen=True, slots=True)
class Standings:
    """Where the versions of a workflow stand, and how many are on the way on each."""

    #: What is live for everybody, and what is let out beside it; of these, versions that somebody can enter.
    entered: Mapping[int, str]
    #: Rolled back: whoever is on one goes no further.
    withdrawn: frozenset[int]
    waiting: Mapping[int, int]

    def of(self, version_id: int) -> str:
        if version_id in self.entered:
            return self.entered[version_id]
        if version_id in self.withdrawn:
            return ROLLED_BACK
        return FINISHING if self.waiting.get(version_id) else FROZEN

    @property
    def finishing(self) -> int:
        """How many are on the way on versions that nobody enters any more, and go on there."""
        return sum(people for version, people in self.waiting.items() if self.of(version) == FINISHING)


def rolled_back() -> QuerySet[Activation]:
    """The newest switch of each version that was ended because the version is bad.

    One that was taken live once more since is not among them, also when another has taken its place by now.
    """
    later = Activation.arms.filter(version_id=OuterRef("version_id"), pk__gt=OuterRef("pk"))
    return Activation.arms.filter(~Exists(later), withdrawn=True)


def standings(workflow_id: int) -> Standings:
    """Of every version of a workflow. Three queries."""
    now = Activation.arms.filter(workflow_id=workflow_id, until=None).values_list("version_id", "arm")
    entered = {version: LIVE if arm == Arm.STABLE.value else TRIED for version, arm in now}
    bad = frozenset(rolled_back().filter(workflow_id=workflow_id).values_list("version_id", flat=True))
    return Standings(entered, bad, waiting_by_version(workflow_id))


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


def _in_order(spec: Spec, waiting: Mapping[str, int]) -> list[tuple[str, int]]:
    order = spec.positions
    return sorted(waiting.items(), key=lambda one: order.get(one[0], len(order)))


def _at(landings: Mapping[str, Landing], step: str) -> Landing:
    return landings.get(step) or Landing(in_flight.STAYS, step, "its own version has no such step")


def _group(old: Spec, new: Spec, step: str, people: int, landing: Landing) -> Group:
    to = _name(new if landing.moves and landing.way != in_flight.ENDS else old, landing.step)
    return Group(step, _name(old, step), people, landing, to)


def _name(spec: Spec, step: str) -> str:
    return spec.step(step).name if step in spec.positions else step
