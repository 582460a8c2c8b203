"""A campaign: a whole installation is sent events while its parts are killed; then everything is counted.

The same code is the short form of every test run and the long form of `manage.py test --chaos`; they differ in their
`Size`. The verdict is the oracle's: from what is stored, and from what the far sides have in their journals.
"""

import contextlib
import functools
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from martechops.embedded.home import Home
from tests import prepared
from tests.chaos import oracle, story
from tests.chaos.killer import PLACES, Killer
from tests.chaos.sender import Sender
from tests.chaos.sink import Sink, apart
from tests.chaos.watcher import Watcher
from tests.installations import ROOT, Installation, environment, running, until

LEASE_SECONDS = 8.0
#: The classes of a campaign's effects, by the system they go to.
CLASSES = {"app": "A", "crm": "A", "hook": "B", "mail": "C"}


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it."""

    people: int
    seed: int
    kills: int = 0
    database_crashes: int = 0
    workers: int = 2
    #: Between two pieces of mischief, at least and at most.
    pause: tuple[float, float] = (1.0, 2.0)
    #: Mischief is spread over so long, where that makes the pauses longer.
    seconds: float = 0
    #: After so long it is over, however much there was.
    at_most_seconds: float = float("inf")
    batch: int = 10
    #: Sending waits while more than this is pending: it bounds what one kill can hit.
    backlog: int = 400
    say: Callable[[str], None] = field(default=lambda line: None)


@dataclass(slots=True)
class Outcome:
    """All that was counted."""

    verdict: oracle.Verdict
    #: Effects by class and state, before a person looked at the uncertain ones.
    states: dict[str, dict[str, int]]
    #: Effects by state at the end.
    at_last: dict[str, int]
    #: Runs by state at the end.
    runs: dict[str, int]
    events_stored: int
    acknowledged: int
    acknowledged_and_not_stored: int
    quarantined: int
    sender_saw: dict[str, int]
    refused: list[str]
    kills: dict[str, int]
    frozen: int
    wipes: int
    #: Recoveries that the database's own log tells of.
    recoveries: int
    reclaimed: list[float]
    reclaimed_with_database_away: list[float]
    given_back: list[float]
    away: list[float]
    seconds: float

    @property
    def uncertain(self) -> int:
        return self.states.get("C", {}).get("uncertain", 0)

    @property
    def of_class_c(self) -> int:
        return sum(count for state, count in self.states.get("C", {}).items() if state != "suppressed")


class Field:
    """An installation, its workspace, its sink, and whoever roams there."""

    def __init__(self, installation: Installation, sink: Sink, orders: Path, write_key: str, size: Size) -> None:
        self.installation, self.sink, self.size = installation, sink, size
        self.write_key = write_key
        self.watcher = Watcher(installation.conninfo)
        self.killer = Killer(
            installation, orders, seed=size.seed, workers=size.workers, freeze_seconds=LEASE_SECONDS + 2
        )
        self.sender = Sender(
            installation.port,
            write_key,
            story.messages(people=size.people, seed=size.seed),
            batch=size.batch,
            gate=self._may_send,
        )
        #: About how many there are: orders, payments, repeats.
        self.messages = size.people * (100 + story.PAYING + story.REPEATED) / 100
        #: How much of it may be sent by now.
        self.share = 0.02
        self.began = time.monotonic()

    def _may_send(self, sent: int) -> bool:
        """Not faster than the work is done, and not all of it before the last kill."""
        if self.watcher.backlog > self.size.backlog:
            return False
        return sent < self.share * self.messages

    def _may_kill(self) -> bool:
        """Kills and messages come to their end together, and there is something under way to hit.

        Or all that may be sent by now is done: then a kill, though it hits nobody at work, lets more go out.
        """
        killed = self.killer.total / max(self.size.kills, 1)
        self.share = 0.02 + killed
        sent = self.sender.sent / self.messages
        return killed - sent < 0.02 and (self.watcher.backlog > 0 or sent >= min(self.share, 1.0))

    def is_settled(self) -> bool:
        """Nothing is pending, seen after this was asked."""
        asked = time.monotonic()
        until(lambda: self.watcher.looked_at > asked, seconds=60)
        return self.watcher.looked_at > asked and self.watcher.pending == 0

    def enter(self) -> None:
        """Sending, watching and the emptying of the broker begin."""
        self.watcher.start()
        self.sender.start()
        for task in (lambda: self.killer.wipe_every(3.0), self._tell):
            threading.Thread(target=task, daemon=True).start()

    def fight(self) -> None:
        """Kill by dice until there was enough of it."""
        self.enter()
        self.killer.roam(pause=self._pause, is_enough=self._is_enough, may=self._may_kill)

    def fight_at_each_place(self, rounds: Sequence[Sequence[str]]) -> None:
        """In each round a share of the messages goes out, and some are ended: at a named place, or wherever."""
        self.enter()
        for number, ends in enumerate(rounds, start=1):
            assert until(self.killer.everybody_is_settled, seconds=300), "a part did not come back"
            wanted = Counter({what: self.killer.kills[what] + 1 for what in ends})
            for what in ends:
                self.killer.order(what) if what in PLACES else self.killer.do(what)
            self.share = number / len(rounds) + 0.01
            assert until(functools.partial(self._has_killed, wanted), seconds=300), (
                f"not all of {ends} ended: {self.killer.kills}; {self.progress()}"
            )

    def _has_killed(self, wanted: Counter[str]) -> bool:
        self.killer.look()
        for what in (wanted - self.killer.kills).keys() - set(PLACES):
            self.killer.do(what)  # it was ending by itself just then
        return self.killer.kills >= wanted

    def _pause(self) -> float:
        """As the size says, and longer while there is time for it."""
        least, most = self.size.pause
        left = self.size.kills - self.killer.total
        time_left = self.size.seconds - (time.monotonic() - self.began)
        return self.killer.dice.uniform(least, most) * max(1.0, min(3.0, time_left / max(left, 1) / most))

    def _is_enough(self) -> bool:
        if time.monotonic() - self.began > self.size.at_most_seconds:
            self.sender.over.set()
            return True
        crashes = self.killer.database_crashes
        if self.killer.total < self.size.kills:
            return False
        if crashes < self.size.database_crashes:
            self.killer.do("postgres" if crashes % 2 else "session")
            return False
        return True

    def come_to_rest(self, *, seconds: float) -> None:
        """No more faults; everything under way is finished."""
        self.share = float("inf")
        self.killer.calm()
        assert until(lambda: self.sender.is_done, seconds=seconds), "not everything was acknowledged"
        assert until(self.is_settled, seconds=seconds), f"still pending: {self.watcher}"

    def _tell(self) -> None:
        while not self.killer.over.wait(15):
            self.size.say(self.progress())

    def progress(self) -> str:
        """One line of how far it is."""
        watched, killer = self.watcher, self.killer
        return (
            f"{time.monotonic() - self.began:6.0f} s  {self.sender.sent:7d} messages acknowledged"
            f"  {killer.total:4d} kills ({killer.database_crashes} of the database)"
            f"  pending {watched.events} events, {watched.planned}+{watched.reserved} effects, {watched.timers} timers"
        )

    def count(self, database: psycopg.Connection[Any]) -> Outcome:
        """Judge, let a person settle what is uncertain, and judge what is there at last."""
        states = _states(database)
        self._settle(database)
        assert until(self.is_settled, seconds=120), "what was sent again did not end"
        bodies = [
            row[0] for row in database.execute("SELECT body::json FROM workflows_inboundevent ORDER BY id").fetchall()
        ]
        stored = {body["messageId"] for body in bodies}
        arrivals = oracle.arrived(self.sink.journal.hits(), _shown(database), _recorded(database))
        watcher, killer, sender = self.watcher, self.killer, self.sender
        return Outcome(
            verdict=oracle.judge(oracle.due(bodies), arrivals),
            states=states,
            at_last=_counted(database, "SELECT state, count(*) FROM workflows_effect GROUP BY 1"),
            runs=_counted(database, "SELECT state, count(*) FROM workflows_run GROUP BY 1"),
            events_stored=len(bodies),
            acknowledged=len(sender.acknowledged),
            acknowledged_and_not_stored=len(sender.acknowledged - stored),
            quarantined=sum(
                _counted(database, "SELECT kind, count(*) FROM workflows_quarantinedevent GROUP BY 1").values()
            ),
            sender_saw=dict(sender.setbacks),
            refused=sender.refused,
            kills=dict(sorted(killer.kills.items())),
            frozen=killer.frozen,
            wipes=killer.wipes,
            recoveries=_recoveries(self.installation),
            reclaimed=sorted(watcher.reclaimed),
            reclaimed_with_database_away=sorted(watcher.reclaimed_with_database_away),
            given_back=sorted(watcher.given_back),
            away=sorted(watcher.away),
            seconds=time.monotonic() - self.began,
        )

    def _settle(self, database: psycopg.Connection[Any]) -> None:
        """What a person does with uncertain mails: looks into the mailbox, and says what is there."""
        there = {hit["key"] for hit in self.sink.journal.hits(kind="smtp")}
        rows = database.execute("SELECT id, key::text FROM workflows_effect WHERE state = 'uncertain'").fetchall()
        said = {
            "happened": [id for id, key in rows if key in there],
            "again": [id for id, key in rows if key not in there],
        }
        if rows:
            run_there(self.installation, "tests.chaos.person", json.dumps(said))


def counted(field: Field) -> Outcome:
    """What came of it, by a session of its own."""
    with psycopg.connect(field.installation.conninfo, autocommit=True) as database:
        return field.count(database)


@contextlib.contextmanager
def field_of(root: Path, size: Size) -> Iterator[Field]:
    """An installation with the workspace of a campaign and a sink beside it."""
    orders = root / "orders"
    orders.mkdir(parents=True)
    prepared.furnish(Home.at(root / "home"))
    more = {
        "OUTBOUND_ALLOW": "127.0.0.0/8",
        "EFFECT_LEASE_SECONDS": str(LEASE_SECONDS),
        "MARTECHOPS_CRASH_ORDERS": str(orders),
    }
    with (
        apart(root / "journal") as sink,
        running(root / "home", "--empty", "--workers", str(size.workers), more=more) as installation,
    ):
        write_key = run_there(installation, "tests.chaos.workspace", str(sink.http), str(sink.smtp)).strip()
        entered = Field(installation, sink, orders, write_key, size)
        try:
            yield entered
        finally:
            entered.killer.calm()
            entered.sender.stop()
            entered.watcher.stop()


def run_there(installation: Installation, module: str, *arguments: str) -> str:
    """One of the test's own modules, with the settings of that installation."""
    command = [sys.executable, "-m", module, *arguments]
    more = environment(installation.home) | {"DJANGO_SETTINGS_MODULE": "martechops.settings"}
    done = subprocess.run(command, cwd=ROOT, env=more, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _states(database: psycopg.Connection[Any]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    query = "SELECT system, state, count(*) FROM workflows_effect GROUP BY 1, 2 ORDER BY 1, 2"
    for system, state, count in database.execute(query).fetchall():
        of_class = found.setdefault(CLASSES[system], {})
        of_class[state] = of_class.get(state, 0) + count
    return found


def _counted(database: psycopg.Connection[Any], query: str) -> dict[str, int]:
    return dict(database.execute(query).fetchall())


def _shown(database: psycopg.Connection[Any]) -> list[tuple[str, str, str]]:
    """The far side of class A is a table: whose message, its subject, its key."""
    query = """SELECT c.email, m.subject, m.key::text FROM inbox_inboxmessage m
               JOIN workflows_contact c ON c.id = m.contact_id"""
    return database.execute(query).fetchall()


def _recorded(database: psycopg.Connection[Any]) -> list[str]:
    return [email for (email,) in database.execute("SELECT email FROM sandbox_crmrecord").fetchall()]


def _recoveries(installation: Installation) -> int:
    log = (installation.home.logs / "postgres.log").read_text(errors="replace")
    return log.count("automatic recovery in progress") + log.count("all server processes terminated; reinitializing")
