"""The table of a campaign's states is whole, and the documentation draws it as it is."""

import re
from pathlib import Path

import pytest

from campaigns import lifecycle
from campaigns.lifecycle import LABELS, TRANSITIONS, State, WrongState
from martechops.people.permissions import POLICY

DOCS = Path(__file__).parents[3] / "docs" / "campaigns.md"


def test_every_state_has_a_name_and_is_reached_from_a_draft() -> None:
    reached = {State.DRAFT}
    while more := {step.to for step in TRANSITIONS if reached & set(step.before)} - reached:
        reached |= more
    assert reached == set(State) == set(LABELS)


def test_every_state_but_the_last_can_be_left() -> None:
    assert [state for state in State if not list(lifecycle.possible(state))] == [State.ARCHIVED]


def test_every_verb_is_one_row_with_words_and_a_rule_of_the_policy() -> None:
    verbs = [step.verb for step in TRANSITIONS]
    assert len(set(verbs)) == len(verbs)
    assert [step.verb for step in TRANSITIONS if not (step.label and step.says)] == []
    assert {step.action for step in TRANSITIONS if step.action} <= set(POLICY)
    assert [step.verb for step in TRANSITIONS if not step.action] == ["approve"]


def test_nothing_goes_live_but_through_approval() -> None:
    without = {State.DRAFT}
    while more := {s.to for s in TRANSITIONS if s.verb != "approve" and without & set(s.before)} - without:
        without |= more
    assert without == {State.DRAFT, State.IN_REVIEW, State.CANCELLED, State.ARCHIVED}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", [step.verb for step in TRANSITIONS])
def test_a_verb_leads_on_from_its_states_and_from_no_other(state: State, verb: str) -> None:
    step = next(step for step in TRANSITIONS if step.verb == verb)
    if state in step.before:
        assert lifecycle.after(state, verb) == step.to
    else:
        with pytest.raises(WrongState, match=f"cannot {verb}"):
            lifecycle.after(state, verb)


def test_documentation_draws_the_table() -> None:
    (drawn,) = re.findall(r"```mermaid\n(stateDiagram.*?)\n```", DOCS.read_text(), flags=re.DOTALL)
    assert drawn == lifecycle.diagram(), "draw it again: lifecycle.diagram()"
