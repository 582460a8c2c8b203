"""What a witness clears up of reservations whose worker is gone, and what it does not."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from martechops.embedded.home import Home
from workflows.connectors import CONNECTORS
from workflows.connectors.base import Connector, Receipt, Refused, Request, Unknown
from workflows.models import Effect
from workflows.runtime import deliver as delivery
from workflows.runtime import reserve, settle, testimony, witness, witness_file
from workflows.runtime.advance import advance
from workflows.runtime.claim import database_now
from workflows.runtime.deliver import deliver
from workflows.runtime.effects import Claimed
from workflows.runtime.sweep import sweep
from workflows.runtime.witness import Witness


class Mail(Connector):
    """Class C; says when it leaves, and then answers as it is told."""

    effect_class = "C"
    kinds = frozenset({"send_message"})
    local = True
    says_when_it_leaves = True

    def __init__(self) -> None:
        self.sent = 0
        self.answer: Exception | None = None

    def perform(self, request: Request) -> Receipt:
        request.leaves()
        self.sent += 1
        if self.answer:
            raise self.answer
        return Receipt("taken", {"answer": "250 queued as 4711 for ana@example.com"})


@pytest.fixture
def mail(
    tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch, request_demo: Callable[..., str]
) -> Iterator[Mail]:
    """The mail server, one welcome message planned, and witnesses in a folder of their own."""
    settings.HOME = Home.at(tmp_path)  # type: ignore[attr-defined]
    monkeypatch.setattr(witness, "_own", [Witness(os.getpid())])
    side = Mail()
    monkeypatch.setitem(CONNECTORS, "sandbox_mailbox", side)
    request_demo()
    advance()
    yield side
    the_process_ends()


def welcome() -> Effect:
    return Effect.objects.get(step="welcome")


def reserved() -> Claimed:
    """The welcome message, by a worker that dies afterwards or does not."""
    [effect] = reserve.reserve("email", limit=5, at=database_now()).effects
    return effect


def left_unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Called and answered, and not recorded."""
    with monkeypatch.context() as patched:
        patched.setattr(settle, "record", lambda *args, **named: None)
        deliver()


def the_process_ends() -> None:
    """The kernel closes its file, and with that the lock goes."""
    book = witness.own()._book
    if book:
        os.close(book.file)
    witness._own[:] = [Witness(os.getpid())]


def its_session_is_gone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workflows_effect SET holder = 0 WHERE state = 'reserved'")


def files() -> list[Path]:
    return sorted(witness_file.folder().iterdir())


@pytest.mark.requirement("D8")
def test_mail_that_never_left_is_sent_by_the_next_worker(mail: Mail) -> None:
    reserved()
    the_process_ends()
    sweep()
    assert (welcome().state, welcome().reason, welcome().doubt_since) == ("planned", testimony.NEVER_LEFT, None)
    deliver()
    assert (welcome().state, welcome().tries, mail.sent) == ("done", 2, 1)


def test_mail_that_was_answered_is_done_with_what_the_server_said(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    left_unrecorded(monkeypatch)
    the_process_ends()
    sweep()
    assert welcome().state == "done"
    outcome = welcome().outcome or {}
    assert outcome["receipt"] == {"says": "taken", "details": {"answer": "250 queued as 4711 for [address]"}}
    assert outcome["content"]["to"], "what was sent is still there"
    deliver()
    assert mail.sent == 1


def test_mail_that_was_refused_has_failed(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    mail.answer = Refused("550 no mailbox for ana@example.com")
    left_unrecorded(monkeypatch)
    the_process_ends()
    sweep()
    assert (welcome().state, welcome().reason) == ("failed", "550 no mailbox for [address]")


def test_mail_that_left_without_an_answer_is_uncertain(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    mail.answer = Unknown("no answer")
    left_unrecorded(monkeypatch)
    the_process_ends()
    sweep()
    assert welcome().state == "reserved", "its session may still commit"
    its_session_is_gone()
    sweep()
    assert welcome().state == "uncertain"


def test_nothing_of_a_witness_names_a_person(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    left_unrecorded(monkeypatch)
    assert b"@" not in files()[0].read_bytes()


def test_living_process_is_believed_what_it_said_and_not_what_it_has_not_said(mail: Mail) -> None:
    effect = reserved()
    its_session_is_gone()
    sweep()
    sweep()
    assert welcome().state == "uncertain", "it may be about to leave"
    witness.own().answered(settle.done(effect, Receipt("taken", {})).settled)
    sweep()
    assert welcome().state == "done"


def test_doubt_ends_once_the_hung_process_is_gone(mail: Mail) -> None:
    reserved()
    its_session_is_gone()
    sweep()
    the_process_ends()
    sweep()
    assert welcome().state == "planned"


def test_what_somebody_has_decided_meanwhile_stands(mail: Mail) -> None:
    reserved()
    its_session_is_gone()
    sweep()
    Effect.objects.filter(step="welcome").update(state="cancelled", fence=welcome().fence + 1)
    the_process_ends()
    sweep()
    assert welcome().state == "cancelled"


def torn(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'["leaving", ')


def copied(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    path.unlink()


def of_another_boot(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(witness_file.boot().encode(), b"0" * 36))


@pytest.mark.parametrize("spoilt", [torn, copied, of_another_boot, Path.unlink])
def test_nothing_is_believed_of_a_witness_that_may_have_said_more(spoilt: Callable[[Path], None], mail: Mail) -> None:
    reserved()
    [path] = files()
    spoilt(path)
    the_process_ends()
    its_session_is_gone()
    sweep()
    assert welcome().state == "uncertain"


def test_reservation_that_was_rolled_back_says_nothing_about_the_next_one(mail: Mail) -> None:
    """The next has the same fence, and is of a machine whose witness is not here."""
    reserved()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workflows_effect SET holder = 0, reserved_at = reserved_at + interval '1 microsecond'")
    the_process_ends()
    sweep()
    assert welcome().state == "uncertain"


def test_process_whose_reservation_was_lost_with_the_database_says_that_it_does_not_leave(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    effect = reserved()  # which was committed, though nobody was told
    monkeypatch.setattr(reserve, "_reserve", lambda *args, noted, **named: noted.append(effect) or broken())
    with pytest.raises(DatabaseError):
        reserve.reserve("email", limit=5, at=database_now())
    its_session_is_gone()
    sweep()
    sweep()
    assert welcome().state == "planned"


def broken() -> None:
    raise DatabaseError


def test_lane_that_gives_up_recording_leaves_its_answers_behind(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    left_unrecorded(monkeypatch)
    witness.own().left_behind("email")
    its_session_is_gone()
    sweep()
    sweep()
    assert welcome().state == "done"


def test_file_that_has_nothing_more_to_say_is_removed(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    left_unrecorded(monkeypatch)
    sweep()
    assert len(files()) == 1, "its process lives"
    the_process_ends()
    sweep()
    assert files() == []


def test_full_file_is_begun_anew_with_what_is_not_settled(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "_FULL_BYTES", 2_000)
    effect, own = reserved(), witness.own()
    [before] = files()
    for n in range(60):
        other = replace(effect, id=10_000 + n)
        own.reserving([other], at=database_now())
        own.recorded([settle.done(other, Receipt("", {})).settled])
    [after] = files()
    assert after != before
    assert after.stat().st_size < 2_500
    the_process_ends()
    sweep()
    assert welcome().state == "planned"


def test_disk_that_takes_no_line_leaves_things_as_uncertain_as_they_are_without(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    effect = reserved()
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", refuses)
        witness.own().leaving(effect)
    assert files() == []
    its_session_is_gone()
    sweep()
    assert welcome().state == "uncertain"


def test_mail_stays_here_where_it_can_neither_be_noted_that_it_leaves_nor_what_was_noted_removed(
    mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        honest = os.write
        patched.setattr(os, "write", lambda file, data: refuses() if b"leaving" in data else honest(file, data))
        patched.setattr(Path, "unlink", refuses)
        calls = delivery.Calls("email")
        calls.begin(limit=5)
        calls.record(calls.finished())
        calls.close()
    assert (welcome().state, mail.sent) == ("planned", 0)
    deliver()
    assert (welcome().state, mail.sent) == ("done", 1)


def refuses(*args: object, **named: object) -> int:
    raise OSError(28, "No space left on device")


def test_mail_whose_lease_is_over_does_not_leave(mail: Mail, settings: object) -> None:
    settings.EFFECT_LEASE_SECONDS = 0.0  # type: ignore[attr-defined]
    deliver()
    assert (welcome().state, mail.sent) == ("planned", 0)
