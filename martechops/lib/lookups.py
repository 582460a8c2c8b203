"""Names of hosts looked up in threads of their own: whoever asks waits no longer than it has time.

The system's resolver knows no deadline and cannot be interrupted, and a name server that does not answer holds it for
half a minute and more. So a name is looked up once for all who ask at the same time, and a look-up that hangs costs one
thread however many effects wait for it; nobody else's look-up stands behind it.
"""

import socket
import threading
from concurrent.futures import Future
from typing import Any

#: (address family, address) of a name; an address is what `socket.connect` takes.
Found = list[tuple[int, Any]]

#: Look-ups under way at once; beyond it, a name server is so far gone that asking more helps nobody.
MOST_AT_ONCE = 64

_guard = threading.Lock()
_under_way: dict[tuple[str, int], "Future[Found]"] = {}


def addresses(host: str, port: int, *, within_seconds: float) -> Found:
    """All addresses of a name. Raises TimeoutError when they are not known in time, and what the resolver raises."""
    try:
        return _asked(host, port).result(timeout=within_seconds)
    except TimeoutError:
        raise TimeoutError("the address of the host was not found in time") from None


def _asked(host: str, port: int) -> "Future[Found]":
    """The answer to come: that of a look-up that is under way already, if there is one."""
    with _guard:
        answer = _under_way.get((host, port))
        if answer is not None:
            return answer
        if len(_under_way) >= MOST_AT_ONCE:
            raise OSError("too many names of hosts are being looked up already")
        answer = _under_way[host, port] = Future()
        # A daemon: one that hangs must not keep the process from ending.
        asking = threading.Thread(target=_look_up, args=(host, port, answer), name="look-up", daemon=True)
        try:
            asking.start()
        except RuntimeError:
            del _under_way[host, port]
            raise OSError("no thread could be started to look the host's name up") from None
        return answer


def _look_up(host: str, port: int, answer: "Future[Found]") -> None:
    """Whatever comes of it, whoever waits is told."""
    known: Found = []
    failed: Exception | None = None
    try:
        known = [(family, where) for family, _, _, _, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except UnicodeError:
        failed = socket.gaierror(f"{host!r} is no name of a host")
    except Exception as error:  # noqa: BLE001 - it belongs to those who asked
        failed = error
    with _guard:
        del _under_way[host, port]
    if failed:
        answer.set_exception(failed)
    else:
        answer.set_result(known)
