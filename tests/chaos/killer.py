"""Ends and freezes parts of an installation by a seeded dice, and at named places by orders (`lib.crash_points`)."""

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from martechops.lib import crash_points
from tests.installations import Installation

#: A part that was started less long ago is left alone: it would hardly have begun.
SETTLED_SECONDS = 3.5

_OTHERS = ("postgres", "web", "beat")

#: The places that the events of a campaign pass; what else product code names is ended by tests of its own.
PLACES = sorted(place for place in crash_points.PLACES if place.split(".")[0] in ("ingest", "advance", "deliver"))

#: What the dice may show, and how often of a hundred.
WEIGHTS = {"worker": 25, "place": 16, "web": 15, "beat": 37, "postgres": 2, "session": 2, "freeze": 3}


@dataclass(slots=True)
class Killer:
    """One thread of mischief. `orders` is the folder that the installation's crash points read."""

    installation: Installation
    orders: Path
    seed: int
    workers: int
    #: How long a frozen worker is kept so: longer than a lease.
    freeze_seconds: float
    #: By what was ended: `worker`, `web`, `beat`, `postgres`, or the place of an order that was carried out.
    kills: Counter[str] = field(default_factory=Counter)
    frozen: int = 0
    wipes: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    _seen: dict[int, float] = field(default_factory=dict)
    _frozen: dict[int, float] = field(default_factory=dict)
    dice: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.dice.seed(self.seed)

    @property
    def total(self) -> int:
        return self.kills.total()

    @property
    def database_crashes(self) -> int:
        return self.kills["postgres"] + self.kills["session"]

    def roam(
        self, *, pause: Callable[[], float], is_enough: Callable[[], bool], may: Callable[[], bool] = lambda: True
    ) -> None:
        """Do what the dice show, one thing after the other while it may, until it is enough."""
        while not self.over.wait(pause()) and not is_enough():
            self.look()
            if not may():
                continue
            what = self.dice.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]
            self.do(what)
        self.look()

    def do(self, what: str) -> None:
        """One thing; nothing where it cannot be done just now."""
        if what == "place":
            self.order(self.dice.choice(PLACES))
        elif what == "freeze":
            self._freeze()
        elif what == "session":
            self._crash_by_session()
        else:
            self._end(what)

    def order(self, place: str, *, by: str = "KILL") -> None:
        """Have whoever gets to the place next end there."""
        order = self.orders / place
        if not order.exists():
            draft = self.orders / f".{place}"
            draft.write_text(by)
            draft.rename(order)

    def look(self) -> None:
        """Count the orders that were carried out, let the frozen go on, and note who has been started."""
        for order in self.orders.glob("*.*.[0-9]*"):
            place, by = order.name.rpartition(".")[0], order.read_text()
            if by == "KILL":
                self.kills[place] += 1
                order.unlink()
        now = time.monotonic()
        for pid in [pid for pid, since in self._frozen.items() if now - since > self.freeze_seconds]:
            self._thaw(pid)
        for pid in self.living().values():
            self._seen.setdefault(pid, now)

    def living(self) -> dict[str, int]:
        """Parts that run; the supervisor may not have noticed yet that one has ended."""
        return {name: pid for name, pid in self.installation.pids().items() if _lives(pid)}

    def everybody_is_settled(self) -> bool:
        """Every part has been there for a while: one that is ended as soon as it is started is started less often."""
        self.look()
        now, running = time.monotonic(), self.living()
        ages = [now - self._seen[pid] for pid in running.values() if pid in self._seen]
        return len(ages) == self.workers + len(_OTHERS) and min(ages) > SETTLED_SECONDS

    def wipe_every(self, seconds: float) -> None:
        """Empty the broker's queue again and again (FAULTS F3)."""
        while not self.over.wait(seconds):
            with contextlib.suppress(psycopg.Error), self._database() as database:
                database.execute("SELECT pgmq.purge_queue('martechops')")
                self.wipes += 1

    def calm(self) -> None:
        """No more orders, nobody frozen."""
        self.over.set()
        for place in PLACES:
            (self.orders / place).unlink(missing_ok=True)
        for pid in list(self._frozen):
            self._thaw(pid)
        self.look()

    def _end(self, what: str) -> None:
        parts = [f"worker-{1 + n}" for n in range(self.workers)] if what == "worker" else [what]
        pid = self._settled(parts)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self._frozen.pop(pid, None)
                self.kills[what] += 1

    def _settled(self, parts: Sequence[str]) -> int | None:
        """One of these parts that has been there for a while."""
        now, running = time.monotonic(), self.living()
        pids = [running[part] for part in parts if part in running]
        ready = [pid for pid in pids if now - self._seen.get(pid, now) > SETTLED_SECONDS]
        return self.dice.choice(ready) if ready else None

    def _freeze(self) -> None:
        pid = self._settled([f"worker-{1 + n}" for n in range(self.workers)])
        if pid is not None and not self._frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                self._frozen[pid] = time.monotonic()
                self.frozen += 1

    def _thaw(self, pid: int) -> None:
        self._frozen.pop(pid, None)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def _crash_by_session(self) -> None:
        """PostgreSQL restarts itself, and loses every session, when one of its processes is killed."""
        with contextlib.suppress(psycopg.Error, ProcessLookupError), self._database() as database:
            query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            pids = [pid for (pid,) in database.execute(query).fetchall()]
            if pids:
                os.kill(self.dice.choice(pids), signal.SIGKILL)
                self.kills["session"] += 1

    @contextlib.contextmanager
    def _database(self) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        with psycopg.connect(self.installation.conninfo, autocommit=True, connect_timeout=2) as database:
            yield database


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
