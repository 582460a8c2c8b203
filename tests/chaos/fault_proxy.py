"""A proxy between us and a far side that loses what it is told to lose (FAULTS F5)."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Passes every connection on to a port. `lose` names a piece of the reply after which the line is cut, unseen."""

    def __init__(self, target: int) -> None:
        self.target = target
        #: The connection is cut just when a reply that begins so is about to be passed back; empty: nothing is lost.
        self.lose: bytes = b""
        #: How often a reply was lost.
        self.lost = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_reply: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                if is_reply and self.lose and piece.startswith(self.lose):
                    self.lost += 1
                    break
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()


@contextmanager
def before(port: int) -> Iterator[Proxy]:
    """One before this port."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
