"""The far side of the bench: HTTP/1.1 with keep-alive, answers at once, and remembers who was told when.

`python -m martechops.bench.sink` prints its port. `GET /hits` gives what came since it was last asked: for each hit the
instant by the machine's monotonic clock, the path, and the address in the body.
"""

import asyncio
import json
import os
import re
import sys
import threading
import time

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_EMAIL = re.compile(rb'"email":"([^"]*)"')
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"

_hits: list[tuple[float, str, str]] = []


class _Conversation(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.unread = b""

    def data_received(self, data: bytes) -> None:
        self.unread += data
        while (end := self.unread.find(b"\r\n\r\n")) >= 0:
            head = self.unread[:end]
            found = _LENGTH.search(head)
            whole = end + 4 + (int(found.group(1)) if found else 0)
            if len(self.unread) < whole:
                return
            body, self.unread = self.unread[end + 4 : whole], self.unread[whole:]
            self.transport.write(_answer(head, body))


def _answer(head: bytes, body: bytes) -> bytes:
    method, path, _ = head.split(b" ", 2)
    if method == b"GET":
        text = json.dumps(_hits).encode()
        _hits.clear()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text)
    found = _EMAIL.search(body)
    _hits.append((time.monotonic(), path.decode(), found.group(1).decode() if found else ""))
    return _OK


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Conversation, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=_end_with_whoever_started_it, daemon=True).start()
    await server.serve_forever()


def _end_with_whoever_started_it() -> None:
    """Its end of the pipe is closed when it ends, however it ends."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(_serve())
