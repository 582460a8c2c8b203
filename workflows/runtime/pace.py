"""How fast a far side answers: so how much may be reserved for it beforehand."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from .settle import Called

#: What is reserved beforehand is called within about so long: consent and switches are asked when it is reserved.
AHEAD_SECONDS = 0.1
#: However fast it is. Reserving and recording are some fourteen round trips, whatever they take.
MOST_AHEAD = 400
#: What was seen in a shorter time says little.
_LEAST_SECONDS = 0.005
_FORGOTTEN_AFTER_SECONDS = 10.0


@dataclass(slots=True)
class Pace:
    """Of one connection, as one worker sees it."""

    per_second: float = 0.0
    _answers: int = 0
    _since: float = field(default_factory=time.monotonic)

    def allowed(self) -> int:
        """Effects that may be reserved beyond those that are called at a time: as many as are answered in a while."""
        return min(MOST_AHEAD, int(self.per_second * AHEAD_SECONDS))

    def begin(self) -> None:
        """Calls begin after a pause, which says nothing about the far side; after a long one nothing is known of it."""
        now = time.monotonic()
        if now - self._since > _FORGOTTEN_AFTER_SECONDS:
            self.per_second = 0.0
        self._answers, self._since = 0, now

    def note(self, called: Sequence[Called]) -> None:
        """Some calls have ended; one that warns ends all reserving beforehand for now."""
        now = time.monotonic()
        if any(one.warns for one in called):
            self.per_second, self._answers, self._since = 0.0, 0, now
            return
        self._answers += len(called)
        if self._answers and now - self._since >= _LEAST_SECONDS:
            lately = self._answers / (now - self._since)
            self.per_second = (self.per_second + lately) / 2 if self.per_second else lately
            self._answers, self._since = 0, now
