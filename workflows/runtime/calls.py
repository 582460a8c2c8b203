"""One effect's call: what stands against it, what the far side is asked, and what its answer or its silence means."""

import functools
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from martechops.lib import crash_points, failures
from martechops.lib.frozen import dataclass
from workflows.connectors.base import (
    DEADLINE_SECONDS,
    AskAnew,
    InPieces,
    Receipt,
    Refused,
    Request,
    TooLate,
    TryLater,
    Underway,
    Unknown,
)

from . import settle, witness
from .effects import Claimed
from .links import Route
from .settle import Called

log = structlog.get_logger()

_LATE = "its turn did not come in time"


class Watch:
    """The database's clock, carried on by this process: its own clock may be wrong (FAULTS F9)."""

    def __init__(self, at: datetime, *, stands: bool = False) -> None:
        self._at, self._stands, self._started = at, stands, time.monotonic()

    def seconds(self) -> float:
        """Since it was set."""
        return time.monotonic() - self._started

    def now(self) -> datetime:
        return self._at if self._stands else self._at + timedelta(seconds=self.seconds())


@dataclass(frozen=True, slots=True)
class Turn:
    """One call that is to be made, over the route that it was reserved for."""

    effect: Claimed
    route: Route
    watch: Watch

    def called(self) -> Called:
        """Call the far side and wait; whatever it does becomes a state."""
        return self.against() or self.ended(self._perform)

    def against(self) -> Called | None:
        """Why it is not called at all."""
        effect, connector = self.effect, self.route.connector
        if connector is None or effect.kind not in connector.kinds:
            return settle.refused(effect, f"system {effect.system} has no connector that can {effect.kind}")
        if _is_late(self.watch):
            return settle.untouched(effect, _LATE)
        if settle.is_forgotten(effect, self.route, at=self.watch.now()):
            return self.unknown("the far side may have forgotten its key")
        return None

    def send(self) -> Underway | None:
        """Out over a line that is open, the answer to come; None where it has to be `called`. Raises as connectors do.

        Only where the far side can tell a repeat: what cannot be repeated is noted as it leaves.
        """
        if self.route.connector is None or self.route.effect_class == "C":
            return None
        return self.route.connector.send(self._request())

    def ended(self, ask: Callable[[], Receipt]) -> Called:
        """What came of it. Raises AskAnew."""
        outcome = self.answered(ask)
        assert isinstance(outcome, Called)
        return outcome

    def answered(self, ask: Callable[[], Receipt | Underway | None]) -> Called | Underway | None:
        """What came of it, or what was found instead of a receipt. Raises AskAnew and InPieces."""
        outcome = self._outcome(ask)
        if isinstance(outcome, Called):
            crash_points.at("deliver.answered")
            witness.own().answered(outcome.settled)
        return outcome

    def unknown(self, says: str) -> Called:
        """Nobody knows whether it happened."""
        return settle.unknown(self.effect, self.route, says, at=self.watch.now())

    def _request(self) -> Request:
        """What is about to leave."""
        crash_points.at("deliver.calling")
        effect, route = self.effect, self.route
        request = Request(effect.key, effect.kind, effect.content or {}, route.link, effect.contact_id)
        if route.effect_class == "C":
            return replace(request, leaves=functools.partial(_leave, effect, self.watch))
        return request

    def _perform(self) -> Receipt:
        request, connector = self._request(), self.route.connector
        assert connector is not None  # or something would stand against it
        if not connector.says_when_it_leaves:
            request.leaves()
        return connector.perform(request)

    def _outcome(self, ask: Callable[[], Receipt | Underway | None]) -> Called | Underway | None:
        effect, route, at = self.effect, self.route, self.watch.now
        try:
            found = ask()
            return settle.done(effect, found) if isinstance(found, Receipt) else found
        except (AskAnew, InPieces):
            raise
        except TooLate as error:
            return settle.untouched(effect, str(error))
        except Refused as error:
            return settle.refused(effect, str(error), gone=error.gone)
        except TryLater as error:
            seconds, for_all = error.after_seconds, error.for_all
            return settle.later(effect, str(error), at=at(), after_seconds=seconds, for_all=for_all)
        except Unknown as error:
            return self.unknown(str(error))
        except (OperationalError, InterfaceError):
            if route.connector and route.connector.local and route.effect_class != "C":
                return settle.untouched(effect, "the database was away")  # which is no fault of the connection's
            return self.unknown("the database was away")
        except Exception as error:  # noqa: BLE001 - a connector's own fault: nobody knows how far it came
            log.error("connector_failed", system=effect.system, kind=effect.kind, error=failures.place(error))
            return self.unknown(f"the connector failed: {type(error).__name__}")


def _is_late(watch: Watch) -> bool:
    """Somebody else may hold it by now."""
    lease: float = settings.EFFECT_LEASE_SECONDS
    return watch.seconds() > lease - min(DEADLINE_SECONDS, lease / 2)


def _leave(effect: Claimed, watch: Watch) -> None:
    """What cannot be taken back is about to happen: noted first, if it is still ours."""
    if _is_late(watch):
        raise TooLate(_LATE)
    try:
        witness.own().leaving(effect)
    except witness.CannotSay:
        raise TooLate("this machine's disk takes no note that it leaves") from None
