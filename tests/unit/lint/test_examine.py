"""What the harness does with what checks find: codes chosen, findings that may stand, drafts beside what is live."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.lint import Place, examine, merged, open_
from workflows.lint.documents import workflow_of
from workflows.lint.workspace import Workspace

from . import fixtures


def documents(code: str, which: str = "bad") -> list[dict[str, Any]]:
    return copy.deepcopy([dict(one) for one in fixtures.read(code, which)])


def codes(workspace: Workspace, **how: Any) -> list[str]:
    return [finding.code for finding in examine(workspace, **how)]


def test_codes_and_families_are_chosen() -> None:
    workspace = fixtures.workspace(documents("GRD001") + documents("RUN003"))
    assert set(codes(workspace)) == {"GRD001", "RUN003"}
    assert codes(workspace, select=["GRD"]) == ["GRD001"]
    assert codes(workspace, ignore=["GRD001"]) == ["RUN003"]
    assert codes(workspace, select=["GRD", "RUN003"], ignore=["RUN"]) == ["GRD001"]


def test_finding_may_stand_with_a_reason_and_is_shown_as_such() -> None:
    (document,) = documents("GRD001")
    document["lint"] = {"ignore": [{"code": "GRD001", "step": "welcome", "because": "the form asks for it"}]}
    (found,) = examine(fixtures.workspace([document]))
    assert (found.code, found.ignored_because) == ("GRD001", "the form asks for it")
    assert open_([found]) == ()


@pytest.mark.parametrize("because", [None, "", "  "])
def test_finding_does_not_stand_without_a_reason(because: str | None) -> None:
    (document,) = documents("GRD001")
    document["lint"] = {"ignore": [{"code": "GRD001"} | ({"because": because} if because is not None else {})]}
    found = open_(examine(fixtures.workspace([document])))
    assert {"GRD001", "LNT002"} <= {finding.code for finding in found}


def test_ignoring_at_another_step_hides_nothing_and_is_said() -> None:
    (document,) = documents("GRD001")
    document["lint"] = {"ignore": [{"code": "GRD001", "step": "elsewhere", "because": "so"}]}
    assert set(codes(fixtures.workspace([document]))) == {"GRD001", "LNT002"}


def test_unreadable_file_cannot_be_ignored_away() -> None:
    (document,) = documents("LNT001")
    document["lint"] = {"ignore": [{"code": "LNT001", "because": "later"}]}
    assert [one.code for one in open_(examine(fixtures.workspace([document])))] == ["LNT001", "LNT002"]


def test_draft_is_held_against_what_is_live_elsewhere_and_not_against_its_own_live_version() -> None:
    (live, other) = documents("DAT001")
    workspace = fixtures.workspace([live])
    both = [workflow_of(live, state="live"), workflow_of(live, state="draft")]
    assert examine(_with(workspace, both)) == ()
    found = examine(_with(workspace, [*both, workflow_of(other, state="draft")]))
    assert [(finding.code, finding.state) for finding in found] == [("DAT001", "live"), ("DAT001", "draft")]
    assert [finding.state for finding in merged(found)] == ["live"]


def test_workflow_asked_for_alone_sees_the_conflicts_it_takes_part_in() -> None:
    workspace = fixtures.workspace([*documents("DAT001"), *documents("GRD001")])
    (found,) = examine(workspace, only=["tiers-b"])
    assert (found.code, found.workflow, found.also) == ("DAT001", "tiers-a", (Place("tiers-b", "tier"),))


def test_map_is_compared_with_maps_only() -> None:
    today = {"kind": "workflow", "key": "a-today", "map_only": True, "name": "Today", "type": "quality"}
    today |= {"owner": "sales-ops", "trigger": {"event": "Demo Requested"}, "steps": documents("DAT001")[0]["steps"]}
    assert codes(fixtures.workspace([documents("DAT001")[0], today])) == []


def _with(workspace: Workspace, workflows: list[Any]) -> Workspace:

    return replace(workspace, workflows=tuple(workflows))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(code=st.sampled_from(["GRD003", "RUN008", "RUN003", "RUN002"]), data=st.data())
def test_whatever_somebody_is_typing_is_examined_without_an_error(code: str, data: st.DataObject) -> None:
    everything = documents(code)
    document = next(one for one in everything if one["kind"] == "workflow")
    step = data.draw(st.sampled_from(document["steps"]))
    step[data.draw(st.sampled_from(sorted(step)))] = data.draw(_JSON)
    document[data.draw(st.sampled_from(["entry", "trigger", "success", "lint", "limits"]))] = data.draw(_JSON)
    assert examine(fixtures.workspace(everything))
