"""The difference of two texts, whose time does not grow with the square of their length."""

from workflows.engine.line_changes import line_changes


def test_nothing_is_shown_of_texts_that_say_the_same() -> None:
    assert line_changes("One\nTwo", "One\r\nTwo") == ()


def test_changes_far_apart_leave_out_what_is_between() -> None:
    old = [f"line {number}" for number in range(100)]
    new = ["first", *old[1:99], "last"]
    shown = line_changes("\n".join(old), "\n".join(new))
    assert shown[:2] == (("-", "line 0"), ("+", "first"))
    assert shown[-2:] == (("-", "line 99"), ("+", "last"))
    assert [mark for mark, _ in shown].count(" ") == 6
    assert shown.count(("…", "")) == 1


def test_every_change_is_among_what_is_shown() -> None:
    old, new = "a\nb\nc\nd", "b\nc\nx\nd\ne"
    shown = line_changes(old, new)
    assert [line for mark, line in shown if mark in " -"] == old.split("\n")
    assert [line for mark, line in shown if mark in " +"] == new.split("\n")


def test_texts_beyond_measure_are_shown_as_gone_and_come() -> None:
    shown = line_changes("x\n" * 5_000, "y\n" * 5_000)
    assert shown[0] == ("-", "x")
    assert ("+", "y") in shown
    assert len(shown) == 2 * 2_000 + 1
