"""What is looked at: a period and the one before it, everything that is live, and where in each table they begin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Model

from martechops.people.models import Team, User
from workflows.engine.business_time import Calendar
from workflows.engine.parse import BadSpec
from workflows.engine.spec import Spec, Step
from workflows.lint import Workspace
from workflows.models import Activation, ContactChange, Effect, InboundEvent, Run, System, Trace
from workflows.queries import lint, live, work_calendar

#: What a look takes in, unless it is asked for another.
DAYS = 28
#: Ids are given in order and become visible in another: as much earlier is looked from.
_SLACK = timedelta(hours=1)
_INSTANTS: Mapping[type[Model], str] = {
    Run: "entered_at",
    Trace: "at",
    Effect: "planned_at",
    ContactChange: "at",
    InboundEvent: "received_at",
}


@dataclass(frozen=True, slots=True)
class Flow:
    """A workflow with the version that those who come now enter."""

    id: int
    key: str
    name: str
    #: Key of the team.
    owner: str
    version_id: int
    since: datetime
    spec: Spec

    def step(self, key: str) -> Step | None:
        at = self.spec.positions.get(key)
        return None if at is None else self.spec.steps[at]

    def step_name(self, key: str) -> str:
        step = self.step(key)
        return step.name if step else key

    def owner_of(self, key: str) -> str:
        """Key of the team that owns the step, or else the workflow."""
        step = self.step(key)
        return (step.owner if step else "") or self.owner


@dataclass
class Scope:
    """One look: its period is from `since` to `at`, the former one as long before it."""

    at: datetime
    days: int = DAYS
    calendar: Calendar = field(default_factory=work_calendar.calendar)

    @property
    def since(self) -> datetime:
        return self.at - timedelta(days=self.days)

    @property
    def before(self) -> datetime:
        return self.since - timedelta(days=self.days)

    @cached_property
    def examined(self) -> lint.Examined:
        """What the lint says of all that is defined."""
        return lint.examined()

    @property
    def workspace(self) -> Workspace:
        return self.examined.workspace

    @cached_property
    def flows(self) -> Mapping[int, Flow]:
        """What is live and can be read, by the workflow's id. Maps that are only documented are not live."""
        today = live.today()
        rows = Activation.objects.filter(until=None).select_related("version__workflow__owner").order_by("workflow_id")
        found: dict[int, Flow] = {}
        for row in rows:
            workflow = row.version.workflow
            try:
                spec = live.spec_of(row.version, today)
            except BadSpec:  # the runtime says so, where its events wait
                continue
            found[workflow.pk] = Flow(
                workflow.pk, workflow.key, workflow.name, workflow.owner.key, row.version_id, row.since, spec
            )
        return found

    @cached_property
    def systems(self) -> Mapping[str, str]:
        """Key of the team that owns each system."""
        return dict(System.objects.values_list("key", "owner__key"))

    @cached_property
    def team_names(self) -> Mapping[str, str]:
        return dict(Team.objects.values_list("key", "name"))

    @cached_property
    def people(self) -> Mapping[str, str]:
        """Key of a team of each person who has one, by user name."""
        pairs = (
            User.objects.filter(teams__isnull=False).order_by("pk", "teams__key").values_list("username", "teams__key")
        )
        return dict(reversed(list(pairs)))

    def team(self, key: str) -> str:
        """As people call it."""
        return self.team_names.get(key) or key

    def flow(self, key: str) -> Flow | None:
        return next((one for one in self.flows.values() if one.key == key), None)

    def is_old_enough(self, flow: Flow) -> bool:
        """Has it been live for so long that what never happened can be held against it?"""
        return self.at - flow.since >= timedelta(days=SETTLED_DAYS)

    def first(self, model: type[Model]) -> int:
        """An id before which no row of the two periods can be, found by halving: tables have no index by time."""
        if model not in self._firsts:
            self._firsts[model] = _first(model, _INSTANTS[model], self.before - _SLACK)
        return self._firsts[model]

    def last_before(self, model: type[Model]) -> int:
        """An id after which no row of the former period can be, found the same way."""
        return _first(model, _INSTANTS[model], self.since + _SLACK) + 256

    @cached_property
    def _firsts(self) -> dict[type[Model], int]:
        return {}

    def rows(self, statement: str, **more: Any) -> Iterator[tuple[Any, ...]]:
        """What a statement answers; it knows the instants of the look as %(at)s, %(since)s and %(before)s."""
        known: dict[str, Any] = {"at": self.at, "since": self.since, "before": self.before}
        with connection.cursor() as cursor:
            cursor.execute(statement, known | more)
            yield from cursor.fetchall()


#: A change that an event brought about by what it means names it so as its writer.
EVENT = "event "
#: Days after which a workflow counts as settled; and how many things make a habit.
SETTLED_DAYS, ENOUGH, SEVERAL = 7, 20, 3


def _first(model: type[Model], column: str, since: datetime) -> int:
    rows = model._default_manager
    low, high = 0, (rows.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    while high - low > 256:
        middle = (low + high) // 2
        row = rows.filter(pk__gte=middle).order_by("pk").values_list(column, flat=True).first()
        if row is None or row >= since:
            high = middle
        else:
            low = middle
    return low
