"""A far side that speaks by the byte: for what no web server does."""

import contextlib
import socket
import threading
from collections.abc import Callable


class Listener:
    """Takes lines on a port of its own and has each conversed with in a thread; counts them."""

    def __init__(self, converse: Callable[[socket.socket], None], *, path: str = "/") -> None:
        self.lines, self._converse = 0, converse
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}{path}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.lines += 1
            threading.Thread(target=self._hold, args=(line,), daemon=True).start()

    def _hold(self, line: socket.socket) -> None:
        with line, contextlib.suppress(ConnectionError):
            self._converse(line)


def heard(line: socket.socket, *, until: bytes) -> bytes:
    """One request with its body, which ends in `until`; nothing where the other side has hung up."""
    said = b""
    while b"\r\n\r\n" not in said or not said.endswith(until):
        if not (part := line.recv(4096)):
            return b""
        said += part
    return said
