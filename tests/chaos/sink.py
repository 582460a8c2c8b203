"""A far side that keeps a journal of every hit: HTTP that honours keys (or hangs, or refuses), and SMTP.

By itself (`python -m tests.chaos.sink JOURNAL`) it is a process that outlives whoever is killed; in a test it is
threads. The first line it prints names its ports. What it is asked for says how it behaves:

    /ok                takes everything        /hang        never answers         /gone     410
    /limited?after=2   429 with Retry-After    /down        503                   /slow?ms=20
    /dated?after=2     the same, as a date
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

from tests.installations import ROOT, free_port

#: Longer than any deadline of ours.
HANGS_SECONDS = 60


class Journal:
    """One line a hit, on the disk before the answer goes out: what is not in it did not arrive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.touch()

    def note(self, **hit: Any) -> None:
        line = json.dumps({"at": time.time(), **hit}) + "\n"
        with self._lock, open(self.path, "a") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def hits(self, **wanted: Any) -> list[dict[str, Any]]:
        """Those that have these values."""
        lines = [json.loads(line) for line in self.path.read_text().splitlines()]
        return [hit for hit in lines if wanted.items() <= hit.items()]


@dataclass(slots=True)
class Sink:
    """Where it listens, and what it was asked."""

    http: int
    smtp: int
    journal: Journal
    #: Behaviours that a test can turn while it runs: path → other path.
    instead: dict[str, str]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http}{path}"

    @property
    def mail(self) -> str:
        return f"smtp://127.0.0.1:{self.smtp}"


@contextmanager
def running(journal: Path) -> Iterator[Sink]:
    """In threads of this process."""
    book, instead = Journal(journal), {}
    web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(book, instead))
    web.daemon_threads = True
    threading.Thread(target=web.serve_forever, daemon=True).start()
    post = Controller(_Postbox(book), hostname="127.0.0.1", port=free_port())
    post.start()
    try:
        yield Sink(http=web.server_address[1], smtp=post.port, journal=book, instead=instead)
    finally:
        post.stop()
        web.shutdown()
        web.server_close()


@contextmanager
def apart(journal: Path) -> Iterator[Sink]:
    """As a process of its own, which no fault of the test's or the product's reaches."""
    command = [sys.executable, "-m", "tests.chaos.sink", str(journal)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ports = json.loads(process.stdout.readline())
            yield Sink(http=ports["http"], smtp=ports["smtp"], journal=Journal(journal), instead={})
        finally:
            process.stdin.close()


def _handler(journal: Journal, instead: dict[str, str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = urlsplit(self.path)
            path = instead.get(asked.path, asked.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            key = self.headers.get("webhook-id") or ""
            journal.note(kind="http", path=asked.path, did=path, key=key, body=body.decode())
            asks = {name: values[0] for name, values in parse_qs(asked.query).items()}
            getattr(self, "_" + path.strip("/"), self._ok)(asks)

        def _answer(self, status: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _ok(self, asks: dict[str, str]) -> None:
            self._answer(200)

        def _slow(self, asks: dict[str, str]) -> None:
            time.sleep(int(asks.get("ms", "20")) / 1000)
            self._answer(200)

        def _hang(self, asks: dict[str, str]) -> None:
            """Until whoever asked has had enough, which is noted: what happened meanwhile did not wait for it."""
            began = time.time()
            self.connection.settimeout(HANGS_SECONDS)
            with suppress(OSError):
                self.rfile.read(1)
            journal.note(kind="hung up", path=urlsplit(self.path).path, began=began)
            self.close_connection = True

        def _gone(self, asks: dict[str, str]) -> None:
            self._answer(410)

        def _down(self, asks: dict[str, str]) -> None:
            self._answer(503)

        def _limited(self, asks: dict[str, str]) -> None:
            self._answer(429, Retry_After=asks.get("after", "2"))

        def _dated(self, asks: dict[str, str]) -> None:
            """As `limited`, with the end as a date; whole seconds, so never too early."""
            until = time.time() + float(asks.get("after", "2")) + 1
            self._answer(429, Retry_After=formatdate(until, usegmt=True))

        def log_message(self, *arguments: object) -> None:
            """The journal is the log."""

    return Handler


class _Postbox:
    """Takes every message and notes it before it says so."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        del server, session
        text = envelope.content.decode(errors="replace")
        heads = dict(line.split(": ", 1) for line in text.split("\r\n\r\n")[0].split("\r\n") if ": " in line)
        key = heads.get("Message-ID", "").strip("<>").partition("@")[0]
        self.journal.note(kind="smtp", key=key, to=envelope.rcpt_tos[0], text=text)
        return "250 taken"


if __name__ == "__main__":
    with running(Path(sys.argv[1])) as sink:
        print(json.dumps({"http": sink.http, "smtp": sink.smtp}), flush=True)
        sys.stdin.read()
