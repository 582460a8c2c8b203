"""Our conditions mean what others mean by the same words: the public cases of the GrowthBook SDKs."""

import json
from pathlib import Path
from typing import Any

import pytest

from workflows.engine.conditions import OPERATORS, BadCondition, ConditionError, compile_condition
from workflows.engine.conditions.compile import GROUPS

_FILE = Path(__file__).parents[2] / "fixtures" / "conditions" / "growthbook.json"
CASES = [(case[0], case[1], case[2], case[3]) for case in json.loads(_FILE.read_text())["evalCondition"]]

#: Where a rule of ours contradicts a case: the case, and which rule.
CONTRADICTED = {
    "missing attribute with comparison operators": "a missing value is not more than anything",
    "comparing numbers and strings": "text and a number cannot be compared: an error, not an answer",
    "comparing numbers and strings - v2": "text and a number cannot be compared: an error, not an answer",
}
#: Rules by operators that we offer, written in a way that is nearly always a slip: refused on save, with what to write.
SLIPS = {
    "$in - not array": r"\$in takes a list",
    "$nin - not array": r"\$nin takes a list",
    "$regex invalid - pass": r"\$regex: is no regular expression",
    "$regex invalid - fail": r"\$regex: is no regular expression",
    "empty $or - pass": r"\$or: takes a list of rules",
    "empty $and - pass": r"\$and: takes a list of rules",
    "empty - pass": "must be a document",
    # A forgotten value in a file reads as null, and a missing value satisfies no comparison.
    "null condition - null attribute": r"ask {\$exists: false}",
    "null condition - missing attribute": r"ask {\$exists: false}",
    "null condition - string attribute": r"ask {\$exists: false}",
    "null condition - zero attribute": r"ask {\$exists: false}",
    "null condition - empty string attribute": r"ask {\$exists: false}",
    "null condition - false attribute": r"ask {\$exists: false}",
}


def operators_of(rule: Any) -> set[str]:
    """Every name with a dollar sign, wherever it stands."""
    if isinstance(rule, list):
        return set().union(*map(operators_of, rule))
    if not isinstance(rule, dict):
        return set()
    return {name for name in rule if name.startswith("$")} | set().union(*map(operators_of, rule.values()))


def not_offered(rule: Any) -> set[str]:
    return operators_of(rule) - OPERATORS.keys() - GROUPS.keys() - {"$not"}


OFFERED = [case for case in CASES if not not_offered(case[1])]
ANSWERED = [case for case in OFFERED if case[0] not in CONTRADICTED and case[0] not in SLIPS]


@pytest.mark.parametrize(("name", "rule", "facts", "holds"), ANSWERED)
def test_public_case_is_answered_as_others_answer_it(name: str, rule: Any, facts: Any, holds: bool) -> None:
    assert compile_condition(rule).test(facts) is holds


@pytest.mark.parametrize(("name", "rule", "facts", "holds"), [c for c in CASES if not_offered(c[1])])
def test_operator_that_is_not_offered_is_refused_by_name(name: str, rule: Any, facts: Any, holds: bool) -> None:
    with pytest.raises(BadCondition) as refused:
        compile_condition(rule)
    assert any(operator in str(refused.value) for operator in not_offered(rule))


@pytest.mark.parametrize(("name", "rule", "facts", "holds"), [c for c in CASES if c[0] in SLIPS])
def test_rule_that_is_nearly_always_a_slip_is_refused_on_save(name: str, rule: Any, facts: Any, holds: bool) -> None:
    with pytest.raises(BadCondition, match=SLIPS[name]):
        compile_condition(rule)


@pytest.mark.parametrize(("name", "rule", "facts", "holds"), [c for c in CASES if c[0] in CONTRADICTED])
def test_missing_values_and_types_count_more_than_a_public_case(name: str, rule: Any, facts: Any, holds: bool) -> None:
    condition = compile_condition(rule)
    if "cannot be compared" in CONTRADICTED[name]:
        with pytest.raises(ConditionError, match="cannot be compared"):
            condition.test(facts)
    else:
        assert condition.test(facts) is not holds


def test_every_public_case_is_accounted_for() -> None:
    assert len(CASES) == 248
    assert len(ANSWERED) == 96
    assert {*CONTRADICTED, *SLIPS} <= {case[0] for case in OFFERED}
