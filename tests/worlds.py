"""Workspaces that many tests begin with, each made once by a test process and kept in a database of its own.

Loading the demo takes a second or two, and several hundred tests begin with it. So a test that asks for one of the
fixtures named in `WORLDS` runs on a copy of a database in which that workspace was loaded and committed; what the test
changes is rolled back as everywhere. A test that commits gets the copy to itself, and the next one a new copy.

A world holds what its maker wrote and nothing of the test; its ids go on from there.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
from django.db import connection, connections
from psycopg import sql

from campaigns.demo import workspace
from martechops.lib import clerk
from tests.fixtures import lived_in, told

#: Mondays and a Sunday that tests count from.
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

#: By the name of the fixture that asks for it: who makes it.
WORLDS: dict[str, Callable[[], None]] = {
    "demo_of_monday": lambda: workspace.load(at=MONDAY),
    "demo_of_yesterday": lambda: workspace.load(at=datetime.now(UTC) - timedelta(days=1)),
    "demo_told": lambda: told.make(at=MONDAY),
    "lived_in_world": lived_in.make,
}
#: The database that the migrations made: no world.
EMPTY = ""


class Worlds:
    """The databases of one test process, and the one that its connections lead to now."""

    def __init__(self, *, shared: bool) -> None:
        self._plain = str(connection.settings_dict["NAME"])
        #: The processes of a run share the originals; whoever removes the server removes them.
        self._shared = shared
        self._made: set[str] = set()
        #: Copies that a test has committed to.
        self._spent: set[str] = set()
        self.now = EMPTY

    def enter(self, world: str) -> None:
        """Lead new connections there, and close those that lead elsewhere. Not inside a transaction."""
        if world == self.now and world not in self._spent:
            return
        self._lead_to(self._copy(world) if world else self._plain)
        self.now = world

    def spend(self) -> None:
        """What is here now has been committed to."""
        self._spent.add(self.now)

    def remove(self) -> None:
        """Back to the plain one, which nobody else is in any more; the others are gone."""
        self.enter(EMPTY)
        if self._shared:
            return
        self._send_away(self._plain)
        for world in self._made:
            self._drop(self._name(world))
            self._drop(self._original(world))

    def _copy(self, world: str) -> str:
        name = self._name(world)
        if world not in self._made:
            self._make(world)
        elif world not in self._spent:
            return name
        self._close()
        self._drop(name)
        self._create(name, like=self._original(world))
        self._spent.discard(world)
        return name

    def _make(self, world: str) -> None:
        """Whoever comes first makes it, under another name until it is whole; others wait."""
        original, draft = self._original(world), f"{self._name(world)}_draft"
        self._lead_to(self._plain)
        self._close()
        with closing(self._session()) as session:
            session.execute("SELECT pg_advisory_lock(hashtext(%s))", [original])
            if not session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [original]).fetchone():
                self._drop(draft)
                self._create(draft, like=self._plain)
                self._lead_to(draft)
                WORLDS[world]()
                self._close()
                self._send_away(draft)
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                self._say(rename.format(sql.Identifier(draft), sql.Identifier(original)))
        self._made.add(world)

    def _lead_to(self, name: str) -> None:
        self._close()
        connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = name

    def _close(self) -> None:
        clerk.rest()
        connections.close_all()

    def _name(self, world: str) -> str:
        return f"{self._plain}_{world}"

    def _original(self, world: str) -> str:
        return f"original_{world}" if self._shared else f"{self._name(world)}_original"

    def _create(self, name: str, *, like: str) -> None:
        self._send_away(like)
        self._say(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like)))

    def _send_away(self, name: str) -> None:
        """Whoever still lingers, such as a thread that answers nobody any more, has to leave."""
        self._say(sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(name))

    def _drop(self, name: str) -> None:
        self._say(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _say(self, statement: sql.Composed) -> None:
        with closing(self._session()) as session:
            session.execute(statement)

    def _session(self) -> "psycopg.Connection[tuple[object, ...]]":
        known = connection.settings_dict
        where = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"], "password": known["PASSWORD"]}
        given = {name: value for name, value in where.items() if value}
        return psycopg.connect(dbname="postgres", autocommit=True, **given)
