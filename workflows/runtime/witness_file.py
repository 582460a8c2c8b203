"""The file of a witness: how it is begun, written, removed, and read. What may be believed of it is in `witness`."""

import fcntl
import functools
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import connection

from martechops.lib import failures
from martechops.lib.frozen import dataclass

log = structlog.get_logger()

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LINE_BREAK = b"\n"


def folder() -> Path:
    """Where the witnesses of this database are."""
    known = connection.settings_dict
    name = sha256(f"{known['HOST']}:{known['PORT'] or 5432}/{known['NAME']}".encode()).hexdigest()[:12]
    return Path(settings.HOME.root) / "witness" / name


def boot() -> str:
    """What names the time since this machine was started; empty where the kernel does not say."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


@functools.cache
def complain(about: str, error: str) -> None:
    """Once a process: a folder that cannot be used stays so, and mail goes on as it does without a witness."""
    log.warning(about, error=error)


def heading(*, boot: str, device: int, number: int) -> bytes:
    """The first line: which file this is, and since when nothing of it can have been lost."""
    return orjson.dumps(["witness", boot, device, number]) + _LINE_BREAK


def reserving(id: int, fence: int, *, at: datetime) -> bytes:
    return orjson.dumps(["reserving", id, fence, (at - _EPOCH) // timedelta(microseconds=1)]) + _LINE_BREAK


def leaving(id: int, fence: int) -> bytes:
    return orjson.dumps(["leaving", id, fence]) + _LINE_BREAK


def answered(id: int, fence: int, *answer: object) -> bytes:
    return orjson.dumps(["answered", id, fence, *answer], default=str) + _LINE_BREAK


@dataclass(slots=True)
class Book:
    """One file while its process writes it, locked as long as that lives."""

    path: Path
    file: int
    size: int = 0

    @classmethod
    def begin(cls) -> "Book | None":
        """A new one; None where that cannot be, which is said in the log."""
        try:
            path = folder() / f"{os.getpid()}-{secrets.token_hex(8)}"
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            book = cls(path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600))
        except OSError as error:
            complain("no_witness", failures.place(error))
            return None
        with suppress(OSError):
            fcntl.flock(book.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stat = os.fstat(book.file)
            # A sweep that came between the two took it for one that was left behind.
            if stat.st_nlink and book.write(heading(boot=boot(), device=stat.st_dev, number=stat.st_ino)):
                return book
        book.remove()
        return None

    def write(self, lines: bytes) -> bool:
        """In one piece into the kernel's memory; False where not all of it could be."""
        try:
            written = os.write(self.file, lines)
        except OSError as error:
            log.warning("witness_cannot_be_written", error=failures.place(error))
            return False
        self.size += written
        return written == len(lines)

    def remove(self) -> bool:
        """Have it say nothing any more; False where the disk does not even allow that."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            log.error("witness_cannot_be_removed", error=failures.place(error))
            return False
        os.close(self.file)
        return True


@dataclass(frozen=True, slots=True)
class Told:
    """What a process said about one reservation."""

    id: int
    fence: int
    reserved_at: datetime
    #: It was about to be out of its hands.
    left: bool = False
    #: State, reason, when not before, receipt.
    answer: Sequence[Any] | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What stands in one file."""

    told: Sequence[Told]
    #: No line of it can be missing, up to when it was read.
    whole: bool


def read(lines: bytes, *, boot: str, device: int, number: int) -> Statement:
    """Those reservations that it names; `whole` if it is that very file, of this boot, to its last line break."""
    told: dict[tuple[int, int], Told] = {}
    *complete, rest = lines.split(_LINE_BREAK)
    is_itself = bool(boot) and complete[:1] == [heading(boot=boot, device=device, number=number)[:-1]]
    readable = [_note(line, told) for line in complete[1:]]
    return Statement(list(told.values()), whole=is_itself and not rest and all(readable))


def _note(line: bytes, told: dict[tuple[int, int], Told]) -> bool:
    """False where it says nothing that is understood, about nothing that was named before."""
    try:
        match orjson.loads(line):
            case ["reserving", int(id), int(fence), int(instant)]:
                told[id, fence] = Told(id, fence, _EPOCH + timedelta(microseconds=instant))
            case ["leaving", int(id), int(fence)]:
                before = told[id, fence]
                told[id, fence] = Told(id, fence, before.reserved_at, left=True, answer=before.answer)
            case ["answered", int(id), int(fence), str(_), str(_), _, _] as said:
                before = told[id, fence]
                told[id, fence] = Told(id, fence, before.reserved_at, left=True, answer=said[3:])
            case _:
                return False
    except (ValueError, KeyError, OverflowError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Found:
    """One file that is there."""

    path: Path
    file: int
    #: Its process can write no more, and no other sweep looks at it now.
    is_over: bool

    def statement(self) -> Statement:
        """What stands in it."""
        stat = os.fstat(self.file)
        lines = os.pread(self.file, stat.st_size, 0)
        return read(lines, boot=boot(), device=stat.st_dev, number=stat.st_ino)


@contextmanager
def all_found() -> Iterator[Sequence[Found]]:
    """Every witness of this database on this machine; those that are over are held meanwhile."""
    files: list[Found] = []
    try:
        for path in _paths():
            with suppress(FileNotFoundError):
                file = os.open(path, os.O_RDONLY)
                files.append(Found(path, file, _is_free(file)))
        yield files
    finally:
        for found in files:
            os.close(found.file)


def _paths() -> list[Path]:
    try:
        return sorted(folder().iterdir())
    except FileNotFoundError:
        return []


def _is_free(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
