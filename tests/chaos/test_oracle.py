"""The oracle itself: what is planted is found."""

import json
from typing import Any

from tests.chaos import oracle
from tests.chaos.workspace import MARKS, ORDERED, PAID

EMAIL = "ana@chaos.example"


def ordered(*, consent: bool) -> dict[str, Any]:
    return {"event": ORDERED, "properties": {"email": EMAIL, "marketing_consent": consent}}


def hits(*, calls: tuple[str, ...] = ("k",), mails: tuple[str, ...] = ("m",)) -> list[dict[str, Any]]:
    """The journal, with these keys of calls and mails."""
    body, text = json.dumps({"data": {"email": EMAIL}}), f"To: {EMAIL}\r\nSubject: {MARKS['write']}\r\n\r\nhello"
    return [{"kind": "http", "key": key, "body": body} for key in calls] + [
        {"kind": "smtp", "key": key, "to": EMAIL, "text": text} for key in mails
    ]


def verdict(journal: list[dict[str, Any]], *, consent: bool = True) -> oracle.Verdict:
    shown = [(EMAIL, MARKS[step], step) for step in ("show", "tell", "thank")]
    owed = oracle.due([ordered(consent=consent), {"event": PAID, "properties": {"email": EMAIL}}])
    return oracle.judge(owed, oracle.arrived(journal, shown, [EMAIL]))


def test_all_that_is_owed_arrived_once() -> None:
    assert verdict(hits()) == oracle.Verdict(expected=6, lost=0, doubled=0, repeats_dropped=0, unasked=0)


def test_repeat_under_one_key_is_dropped_where_keys_are_honoured_and_a_double_where_not() -> None:
    assert verdict(hits(calls=("k", "k"))).repeats_dropped == 1
    assert verdict(hits(calls=("k", "k"))).doubled == 0
    assert verdict(hits(mails=("m", "m"))).doubled == 1


def test_two_keys_for_one_thing_are_a_double_everywhere() -> None:
    assert verdict(hits(calls=("k", "other"))).doubled == 1
    assert verdict(hits(mails=("m", "other"))).doubled == 1


def test_what_is_missing_is_lost_and_what_nobody_asked_for_is_seen() -> None:
    assert verdict(hits(calls=())).lost == 1
    assert verdict(hits(), consent=False).unasked == 1
