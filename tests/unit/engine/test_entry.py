"""Who may enter, and how often (requirement D7)."""

from datetime import timedelta

import pytest

from workflows.engine.entry import admit, triggered_by
from workflows.engine.snapshot import Earlier

from .stories import AT, act, workflow

MARK = act("mark", "set_field", field="hot", value=True)
DAY = timedelta(days=1)


def earlier(days_ago: float, *, running: bool = False, stopped: bool = False) -> Earlier:
    return Earlier(entry_key="contact:7#1", entered_at=AT - days_ago * DAY, running=running, stopped=stopped)


@pytest.mark.requirement("D7")
@pytest.mark.parametrize(
    ("again", "before", "says"),
    [
        (None, (), None),
        (None, (earlier(400),), "has been through this workflow, which is entered once"),
        ({}, (earlier(1),), None),
        ({}, (earlier(1, running=True),), "is already in this workflow since 2026-11-19 15:00 UTC"),
        ({"overlapping": True}, (earlier(1, running=True),), None),
        ({"after": "30 days"}, (earlier(29),), "entered on 2026-10-22 15:00 UTC, and may again 30 days later"),
        ({"after": "30 days"}, (earlier(30),), None),
        (
            {"after": "30 days"},
            (earlier(90), earlier(3)),
            "entered on 2026-11-17 15:00 UTC, and may again 30 days later",
        ),
        ({"at_most": 2}, (earlier(90),), None),
        (None, (earlier(1, stopped=True),), None),
        ({"after": "30 days", "at_most": 1}, (earlier(2, stopped=True), earlier(1, stopped=True)), None),
        ({"at_most": 2}, (earlier(90), earlier(60)), "has entered 2 times, and 2 is the most"),
    ],
)
def test_entering_again(again: dict[str, object] | None, before: tuple[Earlier, ...], says: str | None) -> None:
    spec = workflow(MARK, entry={} if again is None else {"again": again})
    admission = admit(spec, facts={"contact": {}, "event": {}}, contact_id=7, earlier=before, at=AT)
    assert admission.admitted is (says is None)
    if says:
        assert admission.says == says
    else:
        assert admission.entry_key == f"contact:7#{len(before) + 1}"


def test_entry_rule_is_explained_either_way() -> None:
    spec = workflow(MARK, entry={"when": {"contact.score": {"$gte": 50}}})
    for score, admitted in ((62, True), (12, False)):
        facts = {"contact": {"score": score}, "event": {}}
        admission = admit(spec, facts=facts, contact_id=7, earlier=(), at=AT)
        assert (admission.admitted, admission.checks[0].actual) == (admitted, score)


def test_entry_rule_without_an_answer_admits_nobody() -> None:
    spec = workflow(MARK, entry={"when": {"contact.score": {"$gte": 50}}})
    admission = admit(spec, facts={"contact": {"score": "x"}, "event": {}}, contact_id=7, earlier=(), at=AT)
    assert not admission.admitted
    assert "cannot be answered" in admission.says


def test_trigger_asks_for_the_event_and_its_values() -> None:
    spec = workflow(MARK, trigger={"event": "Asked", "where": {"event.properties.form_id": "demo"}})
    assert triggered_by(spec, {"event": {"name": "Asked", "properties": {"form_id": "demo"}}})
    assert not triggered_by(spec, {"event": {"name": "Asked", "properties": {"form_id": "other"}}})
    assert not triggered_by(spec, {"event": {"name": "Other", "properties": {"form_id": "demo"}}})


@pytest.mark.requirement("D7")
@pytest.mark.parametrize(
    ("days", "says"),
    [
        ((1, 5), "has entered 2 times in 30 days, and 2 is the most"),
        ((1, 31), None),
        ((31, 40, 50), None),
    ],
)
def test_entering_at_most_so_often_in_a_period(days: tuple[int, ...], says: str | None) -> None:
    spec = workflow(MARK, entry={"again": {"at_most": 2, "per": "30 days"}})
    before = tuple(earlier(ago) for ago in days)
    admission = admit(spec, facts={"contact": {}, "event": {}}, contact_id=7, earlier=before, at=AT)
    assert (admission.admitted, admission.says) == (says is None, says or f"enters for time {len(days) + 1}")


@pytest.mark.requirement("D7")
def test_entries_with_a_key_of_their_own_are_counted_apart_whoever_the_contact_was() -> None:
    spec = workflow(MARK, entry={"key": ["contact", "event.properties.product"]})

    def entered(product: str | None, *keys: str) -> str:
        facts = {"contact": {}, "event": {"name": "Asked", "properties": {"product": product}}}
        runs = tuple(Earlier(entry_key=key, entered_at=AT - DAY, running=False) for key in keys)
        return admit(spec, facts=facts, contact_id=7, earlier=runs, at=AT).entry_key

    assert entered("pro") == 'contact:7|"pro"#1'
    assert entered("pro", 'contact:7|"lite"#1') == 'contact:7|"pro"#1'
    assert entered("pro", 'contact:3|"pro"#1') == ""  # contact 3 was merged into 7
    assert entered(None) == "contact:7|null#1"


def test_other_subjects_enter_by_a_key_of_their_own() -> None:
    facts = {"contact": {}, "content": {}, "event": {}}
    admission = admit(workflow(MARK), facts=facts, contact_id=0, earlier=(), at=AT, subject="content:12")
    assert admission.entry_key == "content:12#1"
