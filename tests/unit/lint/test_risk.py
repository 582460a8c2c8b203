"""Risk is computed from what a step does; a file can raise it, and nothing can lower it (requirement D1)."""

from typing import Any

import pytest

from workflows.engine.action_kinds import ACTIONS
from workflows.engine.parse import attempt
from workflows.engine.spec import RISKS
from workflows.lint.risk import because, reasons


def spec(**step: Any) -> Any:
    return attempt({"key": "w", "steps": [{"key": "s", "name": "It", **step}]}).spec


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("wished", RISKS)
def test_no_wish_lowers_what_a_step_answers_for(action: str, wished: str) -> None:
    computed, asked = spec(action=action).risk, spec(action=action, risk=wished).risk
    assert RISKS.index(asked) == max(RISKS.index(computed), RISKS.index(wished))


@pytest.mark.requirement("D1")
@pytest.mark.parametrize(
    ("step", "risk", "why"),
    [
        ({"action": "create_task", "with": {"queue": "q", "title": "t"}}, "high", "a task given to sales"),
        ({"action": "create_task", "with": {"for": "support"}}, "medium", "a task given to support"),
        ({"action": "assign_owner"}, "high", "a lead given to a salesperson"),
        ({"action": "set_field", "with": {"field": "consent.email"}}, "high", "a field that compliance hangs on"),
        ({"action": "set_field", "with": {"field": "score"}}, "medium", "a field that routing hangs on"),
        ({"action": "send_message"}, "medium", "a message to people"),
        ({"action": "add_to_audience", "risk": "high"}, "high", "raised by its author"),
    ],
)
def test_reason_names_the_class_that_the_step_is_in(step: dict[str, Any], risk: str, why: str) -> None:
    found = spec(**step)
    assert (found.risk, because(found.steps[0])) == (risk, why)
    assert [(one.step, one.risk, one.because) for one in reasons(found)] == [("s", risk, why)]


def test_low_risk_needs_no_reason_and_the_highest_comes_first() -> None:
    steps = [{"key": "a", "action": "send_message"}, {"key": "b", "action": "add_to_audience"}]
    steps.append({"key": "c", "action": "create_task"})
    assert [one.step for one in reasons(attempt({"key": "w", "steps": steps}).spec)] == ["c", "a"]
