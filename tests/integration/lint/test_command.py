"""`manage.py lint`: what it prints, and how it ends."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from workflows.models import Workflow

from .conftest import AT
from .test_findings import content, versions


def run(*arguments: str) -> tuple[int, str]:
    """Exit status and what was printed."""
    out = StringIO()
    try:
        call_command("lint", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_target_is_clean_and_the_current_state_is_not(demo: None) -> None:
    assert run("demo-request-nurture", "keep-crm-in-step") == (0, "Nothing is wrong.\n")
    status, printed = run()
    assert status == 1
    assert "error IDN001 demo-request-today: steps[0].action" in printed
    assert "call email-team" in printed
    assert printed.endswith("5 errors, 1 warning.\n")


def test_conflict_names_the_other_place(demo: None) -> None:
    _, printed = run("nurture-today", "--select", "DAT001")
    assert "with nurture-today: stage-in-automation" in printed


def test_codes_are_chosen_and_unknown_ones_refused(demo: None) -> None:
    status, printed = run("--select", "GRD")
    assert (status, set(re.findall(r"[A-Z]{3}\d{3}", printed))) == (0, {"GRD007"})
    assert "(may stand: who asks for a quote asks to be called" in printed
    assert run("--ignore", "IDN,DAT,run,GRD007") == (0, "Nothing is wrong.\n")
    with pytest.raises(CommandError, match="there is no code GRX"):
        run("--select", "GRX")
    with pytest.raises(CommandError, match="there is no workflow nobody") as refused:
        run("nobody")
    assert refused.value.returncode == 2


@pytest.mark.parametrize(("least", "status"), [("error", 0), ("warning", 1), ("advice", 1), ("never", 0)])
def test_least_that_fails_is_chosen(demo: None, least: str, status: int) -> None:
    assert run("report-today", "--fail-on", least)[0] == status


def test_json_and_github_say_the_same(demo: None) -> None:
    found = [one for one in json.loads(run("--format", "json")[1]) if not one["ignored_because"]]
    assert {one["code"] for one in found} == {"IDN001", "IDN002", "DAT001", "RUN009", "RUN005", "RUN010"}
    lines = run("--format", "github")[1].splitlines()
    assert len(lines) == len(found)
    assert lines[0].startswith("::error file=workflows/demo-request-today.yaml,title=IDN001::steps[0].action: ")
    assert "::warning file=workflows/report-today.yaml,title=RUN010::" in "\n".join(lines)


def test_what_may_stand_is_printed_with_its_reason_and_does_not_fail(demo: None) -> None:
    changed = content()
    del changed["steps"][0]["expected"], changed["approvers"]
    changed["lint"] = {"ignore": [{"code": "GRD005", "because": "sales looks at each task"}]}
    row = Workflow.objects.get(key="demo-request-nurture")
    versions.draft(workflow=row, content=changed, by="tests", at=AT)
    status, printed = run("demo-request-nurture")
    assert status == 0
    assert "(may stand: sales looks at each task)" in printed
    assert printed.endswith("1 advice.\n")


def test_checks_are_listed(demo: None) -> None:
    assert "GRD001  error    Send without consent" in run("--list")[1]
