"""Rules that name segments, and the ways between steps that checks go by."""

import copy
from typing import Any

import pytest

from workflows.engine.parse import attempt
from workflows.lint import examine
from workflows.lint.overlap import can_both_hold
from workflows.lint.ways import always_before, before, reachable

from . import fixtures


def nurture(**changes: Any) -> dict[str, Any]:
    (document,) = (dict(one) for one in fixtures.read("GRD001", "good"))
    return copy.deepcopy(document) | changes


def codes(*documents: dict[str, Any]) -> list[str]:
    return [finding.code for finding in examine(fixtures.workspace(list(documents)))]


def test_segment_may_stand_wherever_a_rule_stands() -> None:
    assert codes(nurture(entry={"when": {"segment": "large"}})) == []
    assert codes(nurture(trigger={"segment": "large", "on": "enter"})) == []


def test_unknown_segment_is_found_once_in_a_rule_and_in_a_trigger() -> None:
    assert codes(nurture(entry={"when": {"segment": "larch"}})) == ["REF003"]
    assert codes(nurture(trigger={"segment": "larch", "on": "enter"})) == ["REF003"]


def test_segment_that_nobody_agreed_to_is_unstable() -> None:
    draft = {"kind": "segment", "key": "large", "owner": "sales-ops", "status": "draft"}
    draft["when"] = {"contact.company_size": {"$gt": 200}}
    assert codes(draft, nurture(entry={"when": {"segment": "large"}})) == ["DAT005"]


def test_segments_tell_people_apart() -> None:
    small = nurture(key="small", name="Small", entry={"when": {"contact.company_size": {"$lte": 200}}})
    assert codes(small, nurture(entry={"when": {"segment": "large"}})) == []
    assert codes(small, nurture()) == ["RUN004"]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"a": "x"}, {"a": "y"}, False),
        ({"a": {"$in": ["x", "y"]}}, {"a": {"$nin": ["x", "y"]}}, False),
        ({"a": {"$in": ["x", "y"]}}, {"a": {"$ne": "x"}}, True),
        ({"a": {"$gt": 5}}, {"a": {"$lte": 5}}, False),
        ({"a": {"$gte": 5}}, {"a": {"$lte": 5}}, True),
        ({"a": {"$gte": 5}}, {"a": 4}, False),
        ({"a": {"$exists": True}}, {"a": {"$exists": False}}, False),
        ({"a": {"$exists": False}}, {"a": "x"}, False),
        ({"$and": [{"a": "x"}]}, {"a": "y"}, False),
        ({"$or": [{"a": "x"}, {"b": 1}]}, {"a": "y"}, True),  # by the other half of the choice
        ({"$not": {"a": "x"}}, {"a": "x"}, True),  # in doubt, they can
        ({"a": {"$contains": "x"}}, {"a": "y"}, True),
    ],
)
def test_rules_exclude_each_other_only_where_it_is_certain(one: Any, other: Any, both: bool) -> None:
    assert can_both_hold(one, other) is both
    assert can_both_hold(other, one) is both


def test_what_comes_before_a_step_and_what_no_way_leaves_out() -> None:
    fork = {"key": "fork", "choose": [{"when": {"contact.score": 1}, "go": "left"}, {"else": "right"}]}
    steps = [{"key": "first"}, fork, {"key": "left"}, {"key": "right"}, {"key": "last"}]
    spec = attempt({"key": "w", "steps": steps}).spec
    assert before(spec, "last") == {"first", "fork", "left", "right"}
    assert always_before(spec, "last") == {"first", "fork", "right"}  # left goes on to right


def test_refusal_of_an_approval_is_a_way_on() -> None:
    approve = {"key": "agree", "approve": {"team": "sales-ops", "else": "sorry"}}
    steps = [approve, {"key": "call"}, {"key": "stop", "stop": "done"}, {"key": "sorry"}]
    spec = attempt({"key": "w", "steps": steps}).spec
    assert reachable(spec) == {"agree", "call", "stop", "sorry"}
    assert always_before(spec, "call") == {"agree"}


def test_map_goes_by_what_its_steps_follow() -> None:
    steps = [{"key": "a"}, {"key": "b", "after": []}, {"key": "c", "after": ["a", "b"]}, {"key": "d"}]
    spec = attempt({"key": "w", "map_only": True, "steps": steps}).spec
    assert reachable(spec) == {"a", "b", "c", "d"}
    assert before(spec, "d") == {"a", "b", "c"}
    assert always_before(spec, "d") == {"c"}
