"""Posts events by HTTP, again and again until each was acknowledged; keeps what was."""

import base64
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tests.chaos.story import Message

#: Between two tries of one batch.
_PAUSE_SECONDS = 0.3


@dataclass(slots=True)
class Sender:
    """Threads that send from one stream; `gate` is asked before each batch and says whether it may go out now."""

    port: int
    write_key: str
    messages: Iterable[Message]
    batch: int = 10
    gate: Callable[[int], bool] = lambda sent: True
    #: Ids of which the installation said that they are stored.
    acknowledged: set[str] = field(default_factory=set)
    #: What came instead of a 200: a status, or what went wrong.
    setbacks: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    sent: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, *, threads: int = 2) -> None:
        parts = self._parts()
        self._threads = [threading.Thread(target=self._send_all, args=(parts,), daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def is_done(self) -> bool:
        return bool(self._threads) and not any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()

    def _parts(self) -> Iterator[list[Message]]:
        part: list[Message] = []
        for message in self.messages:
            part.append(message)
            if len(part) == self.batch:
                yield part
                part = []
        if part:
            yield part

    def _send_all(self, parts: Iterator[list[Message]]) -> None:
        while not self.over.is_set():
            with self._lock:
                part = next(parts, None)
            if part is None:
                return
            while not self.gate(self.sent) and not self.over.is_set():
                time.sleep(0.05)
            while not self.over.is_set() and not self._send(part):
                time.sleep(_PAUSE_SECONDS)

    def _send(self, part: list[Message]) -> bool:
        body = json.dumps({"batch": [message.document() for message in part]}).encode()
        reply = post(self.port, self.write_key, body)
        status = reply.status if reply.status != "200" or reply.is_whole else "not whole"
        with self._lock:
            if status == "200":
                self.acknowledged |= {message.id for message in part}
                self.sent += len(part)
                return True
            self.setbacks[status] += 1
            if status.startswith("4") and status != "429":
                self.refused.append(f"{status}: {part[0].id} and those with it")
                return True
        return False


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status, or the name of what went wrong on the way."""

    status: str
    body: bytes = b""

    @property
    def is_whole(self) -> bool:
        return b'"success":true' in self.body


def post(port: int, write_key: str, body: bytes) -> Reply:
    """One request to /v1/batch of an installation on this machine."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    key = base64.b64encode(f"{write_key}:".encode()).decode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {key}"}
    try:
        link.request("POST", "/v1/batch", body, headers)
        reply = link.getresponse()
        return Reply(str(reply.status), reply.read())
    except (OSError, http.client.HTTPException) as error:
        return Reply(type(error).__name__)
    finally:
        link.close()
