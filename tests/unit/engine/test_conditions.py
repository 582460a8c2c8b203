"""Rules: what holds, what a missing value answers, what is refused on save, and what is said of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from workflows.engine.conditions import (
    OPERATORS,
    BadCondition,
    ConditionError,
    FieldType,
    check_types,
    compile_condition,
    condition_words,
    relative,
)

FACTS = {
    "contact": {"score": 62, "country": "DE", "email": "lea@example.com", "consent": {"email": "granted"}, "vip": True},
    "event": {
        "properties": {
            "plan": "enterprise",
            "tags": ["beta", "early"],
            "items": [{"sku": "q-1", "count": 5}, {"sku": "P-2", "count": 2}],
        }
    },
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
    ({"contact.email": {"$startsWith": "LEA@"}}, True),
    ({"contact.email": {"$endsWith": ".org"}}, False),
    ({"contact.score": {"$gte": 50, "$not": {"$in": [62, 63]}}}, False),
    ({"contact.gone": {"$not": {"$eq": "x"}}}, True),  # turns round the "no" that a missing value gives
    ({"event.properties.tags": {"$contains": "beta"}}, True),
    ({"event.properties.tags": {"$all": ["beta", "early"]}}, True),
    ({"event.properties.items": {"$elemMatch": {"sku": {"$startsWith": "p-"}, "count": {"$gt": 1}}}}, True),
    ({"event.properties.items": {"$size": {"$lt": 2}}}, False),
]


@pytest.mark.parametrize(("rule", "holds"), CASES)
def test_rule_holds_or_not(rule: dict[str, object], holds: bool) -> None:
    assert compile_condition(rule).test(FACTS) is holds


@pytest.mark.parametrize("operator", OPERATORS)
def test_missing_value_satisfies_exists_false_ne_and_nin_and_nothing_else(operator: str) -> None:
    wanted: object = {"many": ["x"], "yes_no": False, "count": 1, "rule": {"$eq": "x"}}.get(
        OPERATORS[operator].takes, "x"
    )
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
        "contact.city is known: no, it is missing",
    ]


def test_regular_expression_bomb_ends_at_once() -> None:
    rule = compile_condition({"contact.email": {"$regex": "^(a+)+$"}})
    assert rule.test({"contact": {"email": "a" * 50_000 + "b"}}) is False


NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wanted", "holds"),
    [
        ("2026-10-23", {"$gte": {"days_ago": 30}}, True),  # 22 November less 30 days is 23 October
        ("2026-10-22", {"$gte": {"days_ago": 30}}, False),
        ("2026-11-22T08:30:00+00:00", {"$gte": {"hours_ago": 1}}, True),
        ("2026-11-22T08:29:59.9Z", {"$gte": {"hours_ago": 1}}, False),
        ("2026-12-22", {"$lte": {"days_ahead": 30}}, True),
        ("2026-12-23", {"$lte": {"days_ahead": 30}}, False),
        ("2026-11-21", {"$gt": {"days_ago": 7}, "$lt": {"days_ago": 0}}, True),
        (None, {"$lt": {"days_ago": 30}}, False),
    ],
)
def test_relative_date_counts_from_the_instant_of_asking(value: str | None, wanted: object, holds: bool) -> None:
    rule = compile_condition({"contact.renewal_on": wanted})
    assert rule.test({"contact": {"renewal_on": value}, "now": NOW}) is holds


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"contact": {"renewal_on": "next week"}, "now": NOW}, "next week is not a date"),
        ({"contact": {"renewal_on": 20261122}, "now": NOW}, "is not a date"),
        ({"contact": {"renewal_on": "2026-11-22"}}, "nobody said what time it is"),
    ],
)
def test_relative_date_without_a_date_or_an_instant_is_an_error(facts: dict[str, object], says: str) -> None:
    with pytest.raises(ConditionError, match=says):
        compile_condition({"contact.renewal_on": {"$lt": {"days_ago": 30}}}).test(facts)


FIELDS = {
    "contact.email": FieldType("email"),
    "contact.score": FieldType("number"),
    "contact.stage": FieldType("picklist", allowed=("lead", "mql", "sql")),
    "contact.renewal_on": FieldType("date"),
    "contact.vip": FieldType("boolean"),
    "contact.consent.email": FieldType("consent", allowed=("granted", "denied")),
    "event.properties.tags": FieldType("list"),
}


@pytest.mark.requirement("K3")
@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"contact.score": {"$gte": 50}}, None),
        ({"contact.score": {"$gte": "50"}}, ("contact.score", '"50" is not a number')),
        ({"contact.score": {"$contains": "5"}}, ("contact.score", "$contains is not for a number")),
        ({"contact.scor": 5}, ("contact.scor", "is no field; did you mean contact.score?")),
        ({"company.size": 5}, ("company.size", "is no field")),
        (
            {"contact.stage": {"$in": ["lead", "mqll"]}},
            ("contact.stage", "mqll is not a value of it; did you mean mql?"),
        ),
        ({"contact.stage": {"$gt": "lead"}}, ("contact.stage", "$gt is not for a picklist")),
        ({"contact.renewal_on": {"$lt": {"days_ahead": 30}}}, None),
        ({"contact.renewal_on": "2026-02-30"}, ("contact.renewal_on", '"2026-02-30" is not a date')),
        ({"contact.score": {"$lt": {"days_ahead": 30}}}, ("contact.score", "30 days from now is not a number")),
        ({"contact.vip": "yes"}, ("contact.vip", '"yes" is not yes or no')),
        ({"contact.vip": {"$in": [True]}}, ("contact.vip", "$in is not for a yes or no")),
        ({"contact.consent.email": "grant"}, ("contact.consent.email", '"grant" is not granted or denied')),
        ({"event.properties.tags": {"$size": 2}}, None),
        ({"contact.email": {"$size": 2}}, ("contact.email", "$size is not for an e-mail address")),
        (
            {"$or": [{"contact.score": 1}, {"$not": {"contact.emial": "x"}}]},
            ("$or[1].$not.contact.emial", "is no field"),
        ),
        ({"contact.score": {"$near": 5}}, ("contact.score", "operator $near is not offered")),
    ],
)
def test_rule_that_does_not_fit_the_catalog_is_told_where_and_why(
    rule: object, problem: tuple[str, str] | None
) -> None:
    found = check_types(rule, FIELDS)
    assert [place for place, _ in found] == ([problem[0]] if problem else [])
    assert all(problem and says.startswith(problem[1]) for _, says in found)


def test_rule_is_said_in_words() -> None:
    assert condition_words(
        {
            "contact.score": {"$gte": 50},
            "contact.renewal_on": {"$lt": {"days_ahead": 30}},
            "$or": [{"contact.city": {"$exists": False}}, {"contact.city": {"$startsWith": "B"}, "contact.vip": True}],
        }
    ) == (
        "score is at least 50 and renewal on is before 30 days from now"
        " and (city is not known or (city begins with B and vip is yes))"
    )


def test_only_the_letters_that_differ_by_case_are_taken_as_one() -> None:
    facts = {"contact": {"city": "Ålesund, MÜNCHEN, ΑΘΗΝΑ, МОСКВА"}}
    for part in ("ålesund", "münchen", "αθηνα", "москва"):
        assert compile_condition({"contact.city": {"$contains": part}}).test(facts) is True
    assert compile_condition({"contact.city": {"$contains": "munchen"}}).test(facts) is False


def test_every_operator_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "conditions.md").read_text()
    assert [name for name in (*OPERATORS, *relative.UNITS) if name not in page] == []
