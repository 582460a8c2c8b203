"""Rules: what holds, what a missing value answers, what is refused on save, and what is said of it."""

import pytest

from workflows.engine.conditions import OPERATORS, BadCondition, ConditionError, compile_condition

FACTS = {
    "contact": {"score": 62, "country": "DE", "email": "lea@example.com", "consent": {"email": "granted"}, "vip": True},
    "event": {"properties": {"plan": "enterprise"}},
}

CASES = [
    ({"contact.score": 62}, True),
    ({"contact.score": {"$gte": 62}}, True),
    ({"contact.score": {"$gt": 62}}, False),
    ({"contact.score": {"$gte": 50, "$lt": 60}}, False),
    ({"contact.country": {"$in": ["DE", "FR"]}}, True),
    ({"contact.country": {"$nin": ["DE", "FR"]}}, False),
    ({"contact.consent.email": "granted"}, True),
    ({"contact.vip": True}, True),
    ({"contact.vip": 1}, False),  # yes is not the number one
    ({"contact.email": {"$contains": "@EXAMPLE"}}, True),
    ({"contact.email": {"$regex": "@example\\.com$"}}, True),
    ({"$or": [{"contact.score": 1}, {"event.properties.plan": "enterprise"}]}, True),
    ({"$nor": [{"contact.score": 1}, {"event.properties.plan": "enterprise"}]}, False),
    ({"$not": {"contact.score": 1}}, True),
    ({"contact.score": 62, "contact.country": "FR"}, False),
]


@pytest.mark.parametrize(("rule", "holds"), CASES)
def test_rule_holds_or_not(rule: dict[str, object], holds: bool) -> None:
    assert compile_condition(rule).test(FACTS) is holds


@pytest.mark.parametrize("operator", OPERATORS)
def test_missing_value_satisfies_exists_false_ne_and_nin_and_nothing_else(operator: str) -> None:
    wanted: object = {"many": ["x"], "yes_no": False}.get(OPERATORS[operator].takes, "x")
    for facts in ({"contact": {}}, {"contact": {"gone": None}}, {}):
        holds = compile_condition({"contact.gone": {operator: wanted}}).test(facts)
        assert holds is (operator in ("$exists", "$ne", "$nin"))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"contact.score": {"$near": 5}}, "operator $near is not offered"),
        ({"$where": "1"}, "operator $where is not offered"),
        ({"contact.country": {"$in": "DE"}}, "takes a list"),
        ({"contact.country": None}, "ask {$exists: false}"),
        ({"contact.email": {"$regex": "(unclosed"}}, "no regular expression"),
        ({"contact.email": {"$regex": "(?=look)"}}, "no regular expression"),  # RE2 has no look-ahead
        ({}, "must be a document"),
        ({"$or": []}, "takes a list of rules"),
    ],
)
def test_rule_that_cannot_be_used_is_refused_with_its_place(rule: dict[str, object], says: str) -> None:
    with pytest.raises(BadCondition, match="^.*" + says.replace("$", "\\$").replace("{", "\\{")):
        compile_condition(rule)


def test_every_problem_of_a_rule_is_said_at_once() -> None:
    with pytest.raises(BadCondition) as refused:
        compile_condition({"contact.a": {"$near": 1}, "$or": [{"contact.b": None}]})
    assert [place for place, _ in refused.value.problems] == ["contact.a", "$or[0].contact.b"]


@pytest.mark.parametrize("rule", [{"contact.country": {"$gt": 5}}, {"contact.score": {"$contains": "6"}}])
def test_comparison_without_an_answer_is_an_error_and_not_a_no(rule: dict[str, object]) -> None:
    with pytest.raises(ConditionError, match="contact\\."):
        compile_condition(rule).test(FACTS)


def test_error_counts_even_where_another_part_already_decides() -> None:
    rule = compile_condition({"$or": [{"contact.score": 62}, {"contact.country": {"$gt": 5}}]})
    with pytest.raises(ConditionError):
        rule.test(FACTS)


def test_explanation_gives_each_comparison_with_its_value() -> None:
    rule = compile_condition({"contact.score": {"$gte": 70}, "$or": [{"contact.city": {"$exists": True}}]})
    assert [check.says() for check in rule.explain(FACTS)] == [
        "contact.score is at least 70: no, it is 62",
        "contact.city is known: yes: no, it is missing",
    ]


def test_regular_expression_bomb_ends_at_once() -> None:
    rule = compile_condition({"contact.email": {"$regex": "^(a+)+$"}})
    assert rule.test({"contact": {"email": "a" * 50_000 + "b"}}) is False
