"""What behaviour is worth, and how that fades: all points halve at one pace, so a score is a number and an instant.

The order in which events arrive does not matter: rules read the event alone, and adding faded numbers commutes.

>>> from datetime import UTC, datetime, timedelta
>>> ten_days = Scoring(rules=(), half_life_days=10)
>>> noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
>>> score = ten_days.add(ten_days.add(Score(), 40, at=noon), 30, at=noon + timedelta(days=10))
>>> ten_days.now(score, at=noon + timedelta(days=10)), ten_days.now(score, at=noon + timedelta(days=20))
(50, 25)
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from martechops.lib.frozen import dataclass

from .conditions import BadCondition, Condition, ConditionError, compile_condition

_DAY_SECONDS = 86_400.0
#: So many half-lives leave nothing; beyond, the database's power() would refuse what Python rounds to zero.
MOST_HALF_LIVES = 1_000.0
MOST_POINTS = 10_000


class BadScoring(ValueError):
    """The rules cannot be used; `problems` lists every place with what is wrong there."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {says}" for path, says in problems))


@dataclass(frozen=True, slots=True)
class Score:
    """Points as they stood at an instant; before the first ones there is none."""

    value: float = 0.0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """So many points for an event, if its condition holds."""

    event: str
    points: int
    says: str
    #: None: every such event.
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """Points that a rule gave."""

    points: int
    says: str


@dataclass(frozen=True, slots=True)
class Scoring:
    """Rules ready for use."""

    rules: tuple[Rule, ...]
    #: None: points never fade.
    half_life_days: float | None = None

    def given(self, event: Mapping[str, Any]) -> tuple[Given, ...]:
        """Points for one event. A rule that cannot be answered for it gives none; to it, now is when it happened."""
        return tuple(
            Given(rule.points, rule.says)
            for rule in self.rules
            if rule.event == event["name"] and _holds(rule.when, event)
        )

    def add(self, score: Score, points: float, *, at: datetime) -> Score:
        """The score with points of an instant, before or after the one that it stands at."""
        if score.at is None or at >= score.at:
            return Score(self.left(score, at=at) + points, at)
        return Score(score.value + points * self._share(score.at - at), score.at)

    def left(self, score: Score, *, at: datetime) -> float:
        """What is left of it, exactly; before its own instant, all of it."""
        if score.at is None:
            return score.value
        return score.value * self._share(at - score.at)

    def now(self, score: Score, *, at: datetime) -> int:
        """What is left of it in whole points, as rules, pages and SQL see it (`workflows.queries.scores`)."""
        return round(self.left(score, at=at))

    def _share(self, age: timedelta) -> float:
        if not self.half_life_days:
            return 1.0
        half_lives = age.total_seconds() / (self.half_life_days * _DAY_SECONDS)
        return float(2.0 ** -min(max(half_lives, 0.0), MOST_HALF_LIVES))


def compile_scoring(
    *, rules: object, half_life_days: float | None = None, by_event: Mapping[str, int] | None = None
) -> Scoring:
    """Rules of a scoring, and the points that event types give by themselves. Raises `BadScoring`.

    >>> compile_scoring(rules=[{"event": "Demo Requested", "points": 40}]).rules[0].says
    'Demo Requested'
    """
    problems: list[tuple[str, str]] = []
    made = [_rule(rule, f"rules[{i}]", problems) for i, rule in enumerate(_listed(rules, problems))]
    if half_life_days is not None and half_life_days <= 0:
        problems.append(("half_life_days", "must be more than 0; leave it empty for points that never fade"))
    if problems:
        raise BadScoring(problems)
    own = [Rule(event=name, points=points, says=name) for name, points in (by_event or {}).items() if points]
    return Scoring(rules=(*own, *(rule for rule in made if rule)), half_life_days=half_life_days)


def _listed(rules: object, problems: list[tuple[str, str]]) -> Iterable[object]:
    if isinstance(rules, list):
        return rules
    problems.append(("rules", "must be a list of rules such as {event: Demo Requested, points: 40}"))
    return ()


def _rule(rule: object, at: str, problems: list[tuple[str, str]]) -> Rule | None:
    if not isinstance(rule, Mapping):
        problems.append((at, "must be a rule such as {event: Demo Requested, points: 40}"))
        return None
    known = len(problems)
    if unknown := sorted(str(name) for name in set(rule) - {"event", "when", "points", "says"}):
        problems.append((at, f"has no {', '.join(unknown)}; there are event, when, points and says"))
    event, points, says = rule.get("event"), rule.get("points"), rule.get("says", "")
    if not isinstance(event, str) or not event:
        problems.append((f"{at}.event", "names no event"))
    if not isinstance(points, int) or isinstance(points, bool) or not points or abs(points) > MOST_POINTS:
        problems.append((f"{at}.points", f"must be a whole number from -{MOST_POINTS} to {MOST_POINTS}, not 0"))
    if not isinstance(says, str):
        problems.append((f"{at}.says", "must be text"))
    when = _condition(rule["when"], f"{at}.when", problems) if rule.get("when") else None
    if len(problems) > known:
        return None
    return Rule(event=str(event), points=int(points or 0), says=says or str(event), when=when)


def _condition(document: object, at: str, problems: list[tuple[str, str]]) -> Condition | None:
    try:
        found = compile_condition(document)
    except BadCondition as error:
        problems += [(f"{at}.{path}", says) for path, says in error.problems]
        return None
    strange = [path for path in found.paths if not path.startswith("event.")]
    strange += ["segment"] if found.segments else []
    if strange:
        says = "reads the contact; points depend on the event alone, so that the order of events does not matter"
        problems += [(f"{at}.{path}", says) for path in strange]
    return found


def _holds(when: Condition | None, event: Mapping[str, Any]) -> bool:
    if when is None:
        return True
    happened = event.get("occurred_at")
    facts = {"event": event, "now": datetime.fromisoformat(happened) if happened else None}
    try:
        return when.test(facts)
    except ConditionError:
        return False
