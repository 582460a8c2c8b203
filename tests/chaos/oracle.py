"""What must have happened, worked out without the engine: from the events that are stored, and the journal. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.workspace import MARKS, ORDERED

#: What an effect left, wherever: the address of the contact, and the step.
Mark = tuple[str, str]

FOR_ALL = ("show", "call", "record", "tell", "thank")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How what arrived compares with what had to."""

    expected: int
    lost: int
    #: Where a repeat is dropped under its key, only two keys for one thing are a double; elsewhere each arrival counts.
    doubled: int
    repeats_dropped: int
    #: Arrived though nothing had asked for it.
    unasked: int


def due(bodies: Iterable[Mapping[str, Any]]) -> set[Mark]:
    """What the workflow owes for these events: things to all who ordered, and a mail by consent."""
    owed: set[Mark] = set()
    for body in bodies:
        if body["event"] != ORDERED:
            continue
        properties = body["properties"]
        steps = [*FOR_ALL, *(["write"] if properties["marketing_consent"] else [])]
        owed |= {(properties["email"], step) for step in steps}
    return owed


def arrived(
    hits: Iterable[Mapping[str, Any]], shown: Iterable[tuple[str, str, str]], recorded: Iterable[str]
) -> list[tuple[Mark, str]]:
    """Every arrival with its key: the journal's, the inbox's as (address, subject, key), the records' addresses."""
    found = [((email, _step(subject)), key) for email, subject, key in shown]
    found += [((email, "record"), email) for email in recorded]
    for hit in hits:
        if hit["kind"] == "smtp":
            found.append(((hit["to"], _step(_subject(hit["text"]))), hit["key"]))
        else:
            found.append(((json.loads(hit["body"])["data"]["email"], "call"), hit["key"]))
    return found


def judge(owed: set[Mark], arrivals: Iterable[tuple[Mark, str]]) -> Verdict:
    """Each owed thing is there, once."""
    hits = Counter(arrivals)
    once = Counter(mark for mark, _key in hits)
    again = Counter({key: count - 1 for key, count in hits.items() if count > 1})
    mailed = sum(count for ((_email, step), _key), count in again.items() if step != "call")
    return Verdict(
        expected=len(owed),
        lost=len(owed - set(once)),
        doubled=sum(count - 1 for count in once.values()) + mailed,
        repeats_dropped=sum(again.values()) - mailed,
        unasked=len(set(once) - owed),
    )


_STEPS = {subject: step for step, subject in MARKS.items()}


def _step(subject: str) -> str:
    return _STEPS.get(subject, f"unknown: {subject}")


def _subject(text: str) -> str:
    heads = text.split("\r\n\r\n")[0].split("\r\n")
    return next((line.removeprefix("Subject: ") for line in heads if line.startswith("Subject: ")), "")
