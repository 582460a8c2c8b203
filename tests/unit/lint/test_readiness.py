"""The guide's checklist: each line holds, or says why not, what to do next and whom to call."""

import pytest

from workflows.lint import Readiness, Record, examine, readiness

from . import fixtures

TESTED = Record(versions=2, is_live=True, is_tested=True)


def of(code: str, which: str = "bad", record: Record = TESTED) -> Readiness:
    workspace = fixtures.workspace(fixtures.read(code, which))
    return readiness(workspace.workflows[0], workspace, findings=examine(workspace), record=record)


def missing(found: Readiness) -> list[str]:
    return [item.key for item in found.items if not item.holds]


@pytest.mark.requirement("J1", "J2", "J3", "J4", "J5", "J6", "J7", "J8")
def test_all_eight_hold_for_a_workflow_without_a_fault_that_was_tested() -> None:
    found = of("GRD001", "good")
    assert (found.score, found.next) == (8, None)
    assert [item.key for item in found.items] == [f"J{number}" for number in range(1, 9)]
    assert all(item.reasons for item in found.items)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("MAP001", "J1"),
        ("OWN001", "J1"),
        ("DAT001", "J2"),
        ("DAT002", "J2"),
        ("IDN003", "J3"),
        ("NAM002", "J3"),
        ("GRD001", "J4"),
        ("GRD002", "J4"),
        ("GRD005", "J4"),
        ("RUN006", "J5"),
        ("REF001", "J8"),
        ("NAM001", "J8"),
    ],
)
def test_finding_stands_against_its_line_with_reason_next_action_and_team(code: str, line: str) -> None:
    found = of(code)
    assert missing(found) == [line]
    assert found.score == 7
    assert found.next is not None
    assert found.next.reasons[0]
    assert found.next.next_action
    assert found.next.team in fixtures.workspace([]).teams


def test_version_must_be_frozen_and_then_tested() -> None:
    draft, untested = of("GRD001", "good", Record()), of("GRD001", "good", Record(versions=1))
    assert missing(draft) == missing(untested) == ["J7"]
    assert draft.next is not None
    assert untested.next is not None
    assert (draft.next.next_action, untested.next.reasons) == (
        "Freeze a version",
        ("No test of this version is on record",),
    )


def test_pattern_that_was_passed_over_is_said() -> None:
    record = Record(versions=1, is_tested=True, patterns=("webinar",))
    assert missing(of("GRD001", "good", record)) == ["J6"]
    made = Record(versions=1, is_tested=True, patterns=("webinar",), playbook="webinar")
    assert missing(of("GRD001", "good", made)) == []


def test_mapping_that_nobody_agreed_to_is_not_documented() -> None:
    documents = [dict(one) for one in fixtures.read("IDN003", "bad")]
    documents[0] |= {"status": "draft", "rows": [{"from": "contact.email", "to": "email", "type": "email"}]}
    documents[0]["rows"][0]["required"] = True
    workspace = fixtures.workspace(documents)
    found = readiness(workspace.workflows[0], workspace, findings=examine(workspace), record=TESTED)
    assert missing(found) == ["J8"]
