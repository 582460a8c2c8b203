"""Keeps the parts of an installation running, and stops them in order."""

import contextlib
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

from martechops.embedded import claim, parts, postgres
from martechops.embedded.home import EmbeddedError, Home
from martechops.embedded.parts import Part

#: Work in hand is finished within this; what takes longer is taken up again after the next start (fault F12).
DRAIN_SECONDS = 30.0
ANSWERS_WITHIN_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.2
#: A part that dies this often before the web answers will not come up by itself.
_HOPELESS_AFTER = 3


@dataclass(slots=True)
class Supervisor:
    """Start with `begin`, stay in `keep`, end with `stop`; from the main thread only, whose children die with it."""

    home: Home
    port: int
    say: Callable[[str], None]
    parts: list[Part] = field(default_factory=list)
    asked_to_stop: threading.Event = field(default_factory=threading.Event)
    in_a_hurry: bool = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def begin(self, part: Part) -> None:
        self.parts.append(part)
        part.begin()
        self._publish()

    def wait_until_web_answers(self) -> None:
        """Raises EmbeddedError, with the last words of a part, when it cannot come up."""
        until = time.monotonic() + ANSWERS_WITHIN_SECONDS
        while not _answers(f"{self.address}healthz"):
            self._look()
            hopeless = next((part for part in self.parts if part.deaths >= _HOPELESS_AFTER), None)
            if hopeless is not None:
                words = parts.last_words(self.home, part=hopeless.name)
                raise EmbeddedError(f"{hopeless.name} does not stay up: {words} (logs are in {self.home.logs})")
            if self.asked_to_stop.wait(_LOOK_EVERY_SECONDS):
                return
            if time.monotonic() > until:
                raise EmbeddedError(f"The web part does not answer on {self.address}; its log is in {self.home.logs}.")

    def keep(self) -> None:
        """Start again whatever ends, until asked to stop."""
        while not self.asked_to_stop.wait(_LOOK_EVERY_SECONDS):
            self._look()

    def stop(self) -> None:
        """No new work first (beat, web), then the work in hand (workers), then what holds it (the database)."""
        until = time.monotonic() + DRAIN_SECONDS
        for name in ("beat", "web", "worker"):
            stopping = [part for part in self.parts if part.name.startswith(name)]
            for part in stopping:
                if part.process is not None and part.process.poll() is None:
                    part.process.terminate()
            for part in stopping:
                self._see_off(part, until=until)
        for part in self.parts:
            if part.name == "postgres" and part.process is not None:
                postgres.stop(part.process)

    @contextlib.contextmanager
    def heeding_signals(self) -> Iterator[None]:
        """Ctrl-C, SIGTERM or a closed terminal ask for an orderly stop; asked twice, it hurries."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.in_a_hurry = self.asked_to_stop.is_set()
        self.asked_to_stop.set()

    def _look(self) -> None:
        for part in self.parts:
            if part.due_at is not None:
                self._restart_when_due(part)
            elif part.process is not None and part.process.poll() is not None:
                code = part.process.returncode
                pause = part.note_death()
                self.say(f"{part.name} ended ({_how(code)}); it is started again in {pause:.1f} s")

    def _restart_when_due(self, part: Part) -> None:
        if part.due_at is None or time.monotonic() < part.due_at:
            return
        try:
            part.begin()
        except (EmbeddedError, OSError) as error:
            part.deaths += 1
            part.due_at = time.monotonic() + parts.LONGEST_PAUSE_SECONDS
            self.say(f"{part.name} cannot be started: {error}")
        self._publish()

    def _see_off(self, part: Part, *, until: float) -> None:
        process = part.process
        if process is None:
            return
        while process.poll() is None and time.monotonic() < until and not self.in_a_hurry:
            time.sleep(0.05)
        parts.end_group(process, by=signal.SIGKILL)
        process.wait()

    def _publish(self) -> None:
        pids = {part.name: part.pid for part in self.parts if part.pid is not None}
        claim.publish(self.home, claim.Running(pid=os.getpid(), address=self.address, parts=pids))


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as reply:  # noqa: S310 - our own address
            return bool(reply.status == 200)
    except (OSError, urllib.error.URLError):
        return False
