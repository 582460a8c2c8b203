"""What is asked of a metric."""

from dataclasses import field
from datetime import date

from martechops.lib.frozen import dataclass
from workflows.engine.metrics import Filters

from .period import Grain, Period

#: Days that one question may be about, and spans that its answer may have.
MOST_DAYS = 3_660
MOST_BUCKETS = 800
MOST_DIMENSIONS = 3
#: No calendar of ours reaches further.
FIRST, LAST = date(1970, 1, 1), date(2200, 1, 1)


class BadQuestion(ValueError):
    """It cannot be answered: `name` is the part of it that is wrong, the message says why and what would do."""

    def __init__(self, name: str, says: str) -> None:
        super().__init__(says)
        self.name = name


@dataclass(frozen=True, slots=True)
class Question:
    """One metric, over a time, perhaps in spans and groups, of what filters let through."""

    metric: str
    period: Period
    grain: Grain | None = None
    by: tuple[str, ...] = ()
    where: Filters = field(default_factory=dict)

    def check(self) -> None:
        """Raises `BadQuestion` where no metric could answer."""
        if not FIRST <= self.period.since < LAST or self.period.until > LAST:
            raise BadQuestion("from", f"Between {FIRST} and {LAST}.")
        if self.period.days < 1:
            raise BadQuestion("to", "It ends before it begins.")
        if self.period.days > MOST_DAYS:
            raise BadQuestion("from", f"At most {MOST_DAYS} days at once.")
        if self.grain and sum(1 for _ in self.period.buckets(self.grain)) > MOST_BUCKETS:
            raise BadQuestion("grain", f"At most {MOST_BUCKETS} spans at once: choose longer ones.")
        if len(self.by) > MOST_DIMENSIONS:
            raise BadQuestion("by", f"At most {MOST_DIMENSIONS} dimensions at once.")
        if len(set(self.by)) < len(self.by):
            raise BadQuestion("by", "Each dimension once.")
