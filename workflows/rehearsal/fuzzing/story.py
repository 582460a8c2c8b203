"""A story as the search handles it: who, and what happens in which order."""

from dataclasses import dataclass

from workflows.engine.durations import Duration
from workflows.engine.scenarios import Claim, Given, Moment, Scenario
from workflows.engine.scenarios.scenario import AT_ONCE


@dataclass(frozen=True, slots=True)
class Story:
    """Moments are in the order of their time; of two at one instant the first happens first."""

    given: Given
    when: tuple[Moment, ...]

    def ordered(self) -> "Story":
        """
        >>> from workflows.engine.durations import parse
        >>> late, soon = Moment("event", parse("1 day"), "b"), Moment("event", parse("90 minutes"), "a")
        >>> [moment.name for moment in Story(Given(), (late, soon)).ordered().when]
        ['a', 'b']
        """
        return Story(self.given, tuple(sorted(self.when, key=lambda moment: seconds(moment.after))))

    def scenario(self, *, key: str, name: str, workflow: str, holds: str, says: str) -> Scenario:
        """As it is kept: it is expected that what it breaks holds."""
        claim = Claim("holds", holds)
        return Scenario(key, name, self.given, self.when, (claim,), workflow=workflow, says=says)


_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}


def seconds(span: Duration) -> int:
    """How long a plain span is; stories here know no business time."""
    return span.amount * _SECONDS[span.unit]


def span(of_seconds: int) -> Duration:
    """In the largest unit that says it exactly, or to the next longer minute or hour where the number would not fit.

    >>> str(span(7_200)), str(span(5_400)), str(span(40 * 86_400))
    ('2 hours', '90 minutes', '40 days')
    """
    if not of_seconds:
        return AT_ONCE
    for unit in ("day", "hour", "minute", "second"):
        if of_seconds % _SECONDS[unit] == 0 and of_seconds // _SECONDS[unit] < 100_000:
            return Duration(of_seconds // _SECONDS[unit], unit)
    return Duration(-(-of_seconds // 3_600), "hour")
