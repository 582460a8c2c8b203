"""How fast a far side answers: so how much may be reserved for it beforehand, and how many hands make the calls.

Hands are threads, and threads that have little to wait for only take the interpreter from each other. Measured with a
local far side that answers at once, on two loaded cores: one hand 6,300 calls a second at 84 µs of CPU each, two to
sixteen 2,800 to 4,800 at 89 to 112 µs.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from .settle import Called

#: What is reserved beforehand is called within about so long: consent and switches are asked when it is reserved.
AHEAD_SECONDS = 0.1
#: However fast it is. Reserving and recording are some fourteen round trips, whatever they take.
MOST_AHEAD = 400
#: As many hands begin as will be through with what waits in so long.
_THROUGH_IN_SECONDS = 0.02
#: And all that the connection allows, if none of them has an answer by then.
SLOW_AFTER_SECONDS = 0.02
#: What was seen in a shorter time says little.
_LEAST_SECONDS = 0.005
_FORGOTTEN_AFTER_SECONDS = 10.0


@dataclass(slots=True)
class Pace:
    """Of one connection, as one worker sees it."""

    per_second: float = 0.0
    #: Of one call, lately; 0 while nothing is known.
    _seconds: float = 0.0
    _answers: int = 0
    _since: float = field(default_factory=time.monotonic)

    def allowed(self) -> int:
        """Effects that may be reserved beyond those that are called at a time.

        By what was answered and recorded of late or, where recording is what takes the time, by what one hand can call.
        """
        alone = 1 / self._seconds if self._seconds else 0.0
        return min(MOST_AHEAD, int(max(self.per_second, alone) * AHEAD_SECONDS))

    def hands(self, waiting: int) -> int:
        """That so many calls need; one for each where nothing is known of the far side."""
        return math.ceil(waiting * self._seconds / _THROUGH_IN_SECONDS) if self._seconds else waiting

    def took(self, seconds: float) -> None:
        """One call has ended after so long."""
        self._seconds = (3 * self._seconds + seconds) / 4 if self._seconds else seconds

    def begin(self) -> None:
        """Calls begin after a pause, which says nothing about the far side; after a long one nothing is known of it."""
        now = time.monotonic()
        if now - self._since > _FORGOTTEN_AFTER_SECONDS:
            self.per_second = self._seconds = 0.0
        self._answers, self._since = 0, now

    def note(self, called: Sequence[Called]) -> None:
        """Some calls have ended; one that warns ends all reserving beforehand for now."""
        now = time.monotonic()
        if any(one.warns for one in called):
            self.per_second, self._seconds, self._answers, self._since = 0.0, 0.0, 0, now
            return
        self._answers += len(called)
        if self._answers and now - self._since >= _LEAST_SECONDS:
            lately = self._answers / (now - self._since)
            self.per_second = (self.per_second + lately) / 2 if self.per_second else lately
            self._answers, self._since = 0, now
