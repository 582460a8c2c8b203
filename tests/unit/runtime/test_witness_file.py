"""What may be believed of a witness: what stands in it always, what is missing only where nothing can be missing."""

from datetime import UTC, datetime

import pytest

from workflows.runtime import witness_file
from workflows.runtime.witness_file import Statement, answered, heading, leaving, read, reserving

AT = datetime(2026, 11, 23, 4, 0, 0, 123457, tzinfo=UTC)
HEAD = heading(boot="b", device=5, number=7)
DONE = answered(1, 3, "done", "", None, {"says": "taken", "details": {}})


def told(lines: bytes, *, boot: str = "b", device: int = 5, number: int = 7) -> Statement:
    return read(lines, boot=boot, device=device, number=number)


def test_reservation_is_told_with_its_instant_to_the_microsecond() -> None:
    [one] = told(HEAD + reserving(1, 3, at=AT)).told
    assert (one.id, one.fence, one.reserved_at, one.left, one.answer) == (1, 3, AT, False, None)


def test_what_left_and_what_was_answered_is_told() -> None:
    first, second = told(HEAD + reserving(1, 3, at=AT) + reserving(2, 1, at=AT) + leaving(2, 1) + DONE).told
    assert first.answer == ["done", "", None, {"says": "taken", "details": {}}]
    assert (second.left, second.answer) == (True, None)


def test_reservation_made_anew_under_the_same_fence_begins_anew() -> None:
    again = AT.replace(second=1)
    [one] = told(HEAD + reserving(1, 3, at=AT) + leaving(1, 3) + reserving(1, 3, at=again)).told
    assert (one.reserved_at, one.left) == (again, False)


WHOLE = HEAD + reserving(1, 3, at=AT) + leaving(1, 3)


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (WHOLE + DONE[:-1], {}),  # a last line that was torn off before its end
        (WHOLE + b"\x00" * 40, {}),  # as a disk leaves what it never got
        (WHOLE + b'["leaving", 1\n' + DONE, {}),  # a line of which a part is missing
        (WHOLE + leaving(9, 9), {}),  # of what was never reserved
        (WHOLE + b'["other", 1, 3]\n', {}),  # of a version to come
        (WHOLE[len(HEAD) :], {}),  # without its first line
        (b"", {}),
        (WHOLE, {"boot": "another"}),  # the machine was started anew, or it is another machine
        (WHOLE, {"number": 8}),  # a copy of it
        (WHOLE, {"device": 6}),
        (heading(boot="", device=5, number=7) + WHOLE[len(HEAD) :], {"boot": ""}),  # a kernel that names no boot
    ],
)
def test_nothing_missing_counts_where_something_may_be_missing(lines: bytes, where: dict[str, str | int]) -> None:
    assert not told(lines, **where).whole  # type: ignore[arg-type]
    assert told(WHOLE).whole


def test_answer_counts_wherever_it_is_read() -> None:
    elsewhere = told(HEAD + reserving(1, 3, at=AT) + DONE + b"torn", boot="another", number=8)
    assert elsewhere.told[0].answer is not None
    assert not elsewhere.whole


def test_boot_has_a_name_here() -> None:
    assert witness_file.boot() == witness_file.boot() != ""
