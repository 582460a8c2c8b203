"""The lint by REST."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from martechops.people.actions import tokens
from martechops.people.models import User

from .conftest import AT

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(demo: None, client: Client) -> Ask:
    _, text = tokens.create(user=User.objects.get(username="ida"), scopes=["definitions:read"], by="tests", at=AT)

    def asking(address: str, **parameters: str) -> tuple[int, Any]:
        answer = client.get(address, parameters, headers={"Authorization": f"Bearer {text}"})
        return answer.status_code, answer.json()

    return asking


def codes(answer: tuple[int, Any]) -> list[str]:
    status, found = answer
    assert status == 200
    return sorted(one["code"] for one in found if not one["ignored_because"])


def test_findings_of_all_and_of_one_workflow(ask: Ask) -> None:
    assert codes(ask("/api/v1/lint")) == ["DAT001", "IDN001", "IDN002", "RUN005", "RUN009", "RUN010"]
    assert codes(ask("/api/v1/workflows/nurture-today/lint")) == ["DAT001", "RUN005"]
    assert ask("/api/v1/workflows/demo-request-nurture/lint") == (200, [])
    status, (found,) = ask("/api/v1/workflows/report-today/lint")
    assert (status, found["step"], found["team"], found["path"]) == (200, "fix-report", "analytics", "steps[1].action")


def test_findings_are_filtered_and_misspelt_filters_refused(ask: Ask) -> None:
    assert codes(ask("/api/v1/lint", team="email-team")) == ["RUN005"]
    assert codes(ask("/api/v1/lint", code="idn")) == ["IDN001", "IDN002"]
    assert codes(ask("/api/v1/lint", severity="warning")) == ["RUN010"]
    assert codes(ask("/api/v1/lint", together="true")) == ["DAT001"]
    for wrong in ({"teem": "x"}, {"severity": "bad"}, {"together": "maybe"}):
        assert ask("/api/v1/lint", **wrong)[0] == 400


def test_readiness_says_what_is_missing_and_whom_to_call(ask: Ask) -> None:
    status, found = ask("/api/v1/workflows/demo-request-nurture/readiness")
    assert (status, found["score"], len(found["items"])) == (200, 7, 8)
    (missing,) = [item for item in found["items"] if not item["holds"]]
    assert (missing["key"], missing["team"]) == ("J7", "marketing-ops")
    assert missing["next_action"]


def test_unknown_workflow_is_not_found(ask: Ask) -> None:
    assert ask("/api/v1/workflows/nobody/lint")[0] == 404
    assert ask("/api/v1/workflows/nobody/readiness")[0] == 404
