"""The life of the embedded PostgreSQL server: made, started, asked, stopped.

It listens on a unix socket in a folder that only its owner may enter, and on no network. `postgres` is a direct child
of whoever starts it: a server started through pg_ctl and then killed leaves a lock that still counts as live.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from martechops.embedded import account, binaries, processes
from martechops.embedded.account import Account
from martechops.embedded.binaries import Binaries
from martechops.embedded.home import EmbeddedError, Home

USER = "martechops"
DATABASE = "martechops"
#: A new installation needs about 40 MB, and PostgreSQL stops when its log of changes cannot grow.
LEAST_FREE_BYTES = 256 * 1024 * 1024
READY_WITHIN_SECONDS = 60
STOP_WITHIN_SECONDS = 20
#: A server whose supervisor was killed is stopping already.
STRAYS_GO_WITHIN_SECONDS = 5.0

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # What was acknowledged survives a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    # A worker that hangs inside a transaction loses it, and with it what it had claimed.
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and details carry people's addresses; logs must not.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    # Queries here are short: compiling them, or sharing them between processes, costs more than it gives.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
#: For a database that is thrown away after a test run.
THROWAWAY_SETTINGS = SETTINGS | {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Server:
    """One installation's server. `start` gives the process; the caller owns it and stops it with `stop`."""

    home: Home
    binaries: Binaries
    account: Account
    settings: dict[str, str]

    @property
    def data(self) -> Path:
        return self.home.postgres_data(major=self.binaries.major)

    def conninfo(self, *, database: str = DATABASE) -> str:
        return psycopg.conninfo.make_conninfo(
            host=str(self.home.socket_folder), user=USER, dbname=database, connect_timeout=5
        )


def prepare(home: Home, *, settings: dict[str, str] = SETTINGS) -> Server:
    """Find the binaries and make the data folder when it is new; raises EmbeddedError."""
    home.prepare()
    owner = account.for_postgres()
    _make_socket_folder(home.socket_folder, owner=owner)
    found = binaries.reachable_for(owner, binaries=binaries.find(), copies=home.socket_folder)
    server = Server(home=home, binaries=found, account=owner, settings=settings)
    _check_space(home.root)
    if not server.data.exists():
        _initialise(server)
    _check_data_folder(server)
    return server


def start(server: Server) -> subprocess.Popen[bytes]:
    """Start the server and return when it answers; raises EmbeddedError, with the end of its log, when it does not."""
    _end_strays(server)
    log = server.home.logs / "postgres.log"
    offset = log.stat().st_size if log.exists() else 0
    with open(log, "ab") as output, _path_for(server.account, server.data) as (data, descriptors):
        process = _run(
            server,
            [server.binaries.postgres, "-D", data, *_options(server)],
            stdout=output,
            stderr=output,
            pass_fds=descriptors,
        )
    try:
        _wait_until_ready(server, process=process, log=log, offset=offset)
        _create_database(server)
    except BaseException:
        stop(process)
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server at once but cleanly: transactions under way are rolled back, everything committed is kept."""
    for by, seconds in ((signal.SIGINT, STOP_WITHIN_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        if process.poll() is not None:
            return
        process.send_signal(by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)


def answers(conninfo: str) -> bool:
    """True when a real query comes back."""
    try:
        with psycopg.connect(conninfo) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.Error:
        return False


def _make_socket_folder(folder: Path, *, owner: Account) -> None:
    """Made for its owner alone; anyone may write to /tmp, so one that somebody else made first is refused."""
    try:
        folder.mkdir(mode=0o700)
        owner.own(folder)
    except FileExistsError:
        pass
    except OSError as error:
        raise EmbeddedError(f"Cannot make {folder} for the database's socket ({error.strerror}).") from error
    status = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or status.st_uid != owner.uid or status.st_mode & 0o077:
        raise EmbeddedError(
            f"{folder} belongs to someone else, so the database's socket cannot be put there; remove it, "
            "or run as the user who started this installation before."
        )


def _check_space(root: Path) -> None:
    free = shutil.disk_usage(root).free
    if free < LEAST_FREE_BYTES:
        raise EmbeddedError(
            f"The disk that holds {root} is full ({free // 2**20} MB free, at least {LEAST_FREE_BYTES // 2**20} MB are "
            "needed); free some space or set MARTECHOPS_HOME to another disk."
        )


def _check_data_folder(server: Server) -> None:
    try:
        owner = server.data.stat().st_uid
        version = (server.data / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise EmbeddedError(
            f"Cannot read the database in {server.data} ({error.strerror}); run as the user who made it, "
            "or set MARTECHOPS_HOME to another folder."
        ) from error
    if owner != server.account.uid:
        raise EmbeddedError(
            f"The database in {server.data} was made by another user (id {owner}); run as that user, "
            "or set MARTECHOPS_HOME to another folder."
        )
    if version != str(server.binaries.major):
        raise EmbeddedError(f"The database in {server.data} is of PostgreSQL {version}, not {server.binaries.major}.")


def _initialise(server: Server) -> None:
    """Made beside its place and moved there when complete, so that a start that was cut off is simply made again."""
    draft = server.data.with_name(f"{server.data.name}.new")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        server.account.own(draft)
        with _path_for(server.account, draft) as (path, descriptors):
            process = _run(
                server,
                [server.binaries.initdb, "-D", path, *_initdb_options(server)],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors,
            )
            output = process.communicate()[0].decode(errors="replace")
        if process.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise EmbeddedError(f"PostgreSQL could not make its data folder {server.data}: {_last_line(output)}")
        os.rename(draft, server.data)
    except OSError as error:
        raise EmbeddedError(f"Cannot make the data folder {server.data} ({error.strerror}).") from error


def _initdb_options(server: Server) -> list[str]:
    locale = (
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if server.binaries.major >= 17
        else ["--locale=C.UTF-8"]
    )
    sync = [] if server.settings["fsync"] == "on" else ["--no-sync"]
    return [f"--username={USER}", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", *locale, *sync]


def _options(server: Server) -> list[str]:
    settings = server.settings | {"unix_socket_directories": str(server.home.socket_folder)}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _run(
    server: Server, command: list[str | Path], *, stdout: object, stderr: object, pass_fds: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    borrowed = {"user": server.account.uid, "group": server.account.gid, "extra_groups": []}
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        pass_fds=pass_fds,
        start_new_session=True,  # Ctrl-C is for the supervisor, which stops its parts in order
        preexec_fn=processes.die_with_parent(by=signal.SIGINT),
        **(borrowed if server.account.borrowed else {}),
    )


@contextlib.contextmanager
def _path_for(owner: Account, folder: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A path by which the borrowed account reaches `folder`, and what the child must inherit for it.

    A folder below one that only root may enter (a clone in /root) is handed over as an open descriptor: nothing is
    opened for others, and nothing is stored outside MARTECHOPS_HOME.
    """
    if owner.can_enter(folder):
        yield str(folder), ()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not Path(f"/proc/self/fd/{descriptor}").exists():
            raise EmbeddedError(
                f"The account that runs PostgreSQL for root cannot reach {folder}; run as an ordinary user, "
                "or set MARTECHOPS_HOME to a folder below /var/lib."
            )
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)


def _end_strays(server: Server) -> None:
    """Wait for, then end, what a killed supervisor left running on this folder.

    The pid file alone is not believed: after a restart of the machine another program may have that number, and
    PostgreSQL would then refuse to start.
    """
    for by, seconds in (
        (None, STRAYS_GO_WITHIN_SECONDS),
        (signal.SIGINT, 15.0),
        (signal.SIGQUIT, 5.0),
        (signal.SIGKILL, 5.0),
    ):
        strays = _strays(server)
        for pid in strays if by else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, by or 0)
        if _within(seconds, lambda: not _strays(server)):
            break
    else:
        raise EmbeddedError(f"A PostgreSQL server still runs on {server.data} and does not stop.")
    for lock in (server.data / "postmaster.pid", server.home.socket_folder / ".s.PGSQL.5432.lock"):
        lock.unlink(missing_ok=True)


def _strays(server: Server) -> list[int]:
    """Live postgres processes of this folder, and of no other."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
        if processes.is_alive(pid) and processes.working_folder(pid) == server.data:
            return [pid]
    return processes.working_in(server.data, command="postgres")


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _wait_until_ready(server: Server, *, process: subprocess.Popen[bytes], log: Path, offset: int) -> None:
    conninfo = server.conninfo(database="postgres")
    _within(READY_WITHIN_SECONDS, lambda: process.poll() is not None or answers(conninfo))
    if process.poll() is None and answers(conninfo):
        return
    with open(log, "rb") as file:
        file.seek(offset)
        said = file.read().decode(errors="replace")
    raise EmbeddedError(f"PostgreSQL did not start on {server.data}: {_last_line(said)} (the whole log is {log})")


def _create_database(server: Server) -> None:
    with psycopg.connect(server.conninfo(database="postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _last_line(text: str) -> str:
    """What PostgreSQL said last that names a cause."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    return (causes or lines or ["it said nothing"])[-1]
