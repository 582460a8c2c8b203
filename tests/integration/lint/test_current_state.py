"""The guide's team as it works today, in maps, and as it should: the lint finds what is planted, and nothing else."""

import pytest

from workflows.lint import BY_CODE, Finding, open_
from workflows.queries import lint

#: Each fault that the guide tells of: where it is, the code that finds it, and the team to call.
PLANTED = {
    "leads are created twice": ("IDN001", "demo-request-today", "create-in-crm", "marketing-ops"),
    "form goes to the CRM and to a separate system": ("IDN002", "demo-request-today", "copy-to-sheet", "marketing-ops"),
    "lifecycle is updated in several places": ("DAT001", "demo-request-today", "stage-in-crm", "sales-ops"),
    "sales task is not aligned with the stage": ("RUN009", "demo-request-today", "task-at-once", "sales-ops"),
    "re-submission enters the nurture twice": ("RUN005", "nurture-today", "send-sequence", "email-team"),
    "report is mended by hand": ("RUN010", "report-today", "fix-report", "analytics"),
}
MAPS = ("demo-request-today", "nurture-today", "report-today")
TARGET = ("demo-request-nurture", "keep-crm-in-step")
#: One workflow of each type besides, in the same workspace.
OTHERS = ("contact-data-quality", "content-publishing", "quote-request-routing", "weekly-report")


def found(*keys: str) -> list[Finding]:
    return [one for one in lint.examined().findings if one.workflow in keys]


def told(finding: Finding) -> tuple[str, str, str, str]:
    return finding.code, finding.workflow, finding.step, finding.team


@pytest.mark.requirement("H1", "B4", "B5", "G2")
@pytest.mark.parametrize("fault", PLANTED)
def test_each_planted_fault_is_found_with_the_team_to_call(demo: None, fault: str) -> None:
    assert PLANTED[fault] in [told(finding) for finding in found(*MAPS)]


@pytest.mark.requirement("H1")
def test_current_state_has_its_planted_faults_and_no_others(demo: None) -> None:
    assert sorted(told(finding) for finding in found(*MAPS)) == sorted(PLANTED.values())


@pytest.mark.requirement("H1", "C8")
def test_conflicts_of_the_current_state_name_both_places(demo: None) -> None:
    (conflict,) = [one for one in found(*MAPS) if BY_CODE[one.code].together]
    assert [(place.workflow, place.step) for place in conflict.places] == [
        ("demo-request-today", "stage-in-crm"),
        ("nurture-today", "stage-in-automation"),
    ]
    assert "CRM and E-mail" in conflict.says


@pytest.mark.requirement("H1", "H2", "H6", "B8")
def test_target_has_no_fault_not_even_one_that_is_ignored(demo: None) -> None:
    assert found(*TARGET) == []
    assert {finding.workflow for finding in open_(lint.examined().findings)} == set(MAPS)


def test_other_workflows_have_none_but_what_they_say_may_stand(demo: None) -> None:
    assert {(one.code, one.workflow) for one in found(*OTHERS)} == {("GRD007", "quote-request-routing")}
    assert all(one.ignored_because for one in found(*OTHERS))


@pytest.mark.requirement("J1", "J2", "J3", "J4", "J5", "J6", "J7", "J8")
def test_target_is_ready_but_for_a_test_and_the_current_state_is_not(demo: None) -> None:
    target, today = lint.readiness_of("demo-request-nurture"), lint.readiness_of("demo-request-today")
    assert target is not None
    assert today is not None
    assert [item.key for item in target.items if not item.holds] == ["J7"]
    assert target.next is not None
    assert (target.score, target.next.team) == (7, "marketing-ops")
    assert {"J2", "J5", "J7"} <= {item.key for item in today.items if not item.holds}
