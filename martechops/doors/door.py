"""What opens an address."""

from dataclasses import dataclass
from enum import StrEnum

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Key(StrEnum):
    """What opens a door."""

    NOTHING = "nothing"
    SESSION = "session"
    #: A bearer token, asked for by the REST interface itself.
    TOKEN = "token"  # noqa: S105 - the name of a kind of key
    #: A source's write key, asked for by the ingest edge itself.
    WRITE_KEY = "write key"


@dataclass(frozen=True, slots=True)
class Door:
    """What opens an address; for sessions also which action of the policy reading and writing it is."""

    key: Key
    read: str | None = None
    write: str | None = None

    def action(self, method: str) -> str | None:
        return self.read if method in _SAFE_METHODS else self.write


OPEN = Door(Key.NOTHING)
REST = Door(Key.TOKEN)
INGEST = Door(Key.WRITE_KEY)


def page(read: str | None = None, *, write: str | None = None) -> Door:
    """A page for people who are signed in."""
    return Door(Key.SESSION, read=read, write=write)
