"""A rule may ask for a segment: it means what the segment asks for, and says so."""

from typing import Any

import pytest

from workflows.engine import explain
from workflows.engine.conditions import (
    BadCondition,
    ConditionError,
    FieldType,
    check_types,
    compile_condition,
    condition_words,
)
from workflows.engine.conditions.compile import MOST_SEGMENTS

SEGMENTS: dict[str, Any] = {
    "hot": {"contact.score": {"$gte": 50}, "contact.country": {"$in": ["DE", "FR"]}},
    "german": {"contact.country": "DE"},
    "hot-german": {"segment": "hot", "$and": [{"segment": "german"}]},
    "not-hot": {"$not": {"segment": "hot"}},
    "broken": {"contact.score": {"$near": 5}},
}
LEA = {"contact": {"score": 62, "country": "DE"}}
MAX = {"contact": {"score": 62, "country": "FR"}}
NIL = {"contact": {}}


@pytest.mark.requirement("K3")
@pytest.mark.parametrize(
    ("rule", "lea", "max_", "nil"),
    [
        ({"segment": "hot"}, True, True, False),
        ({"segment": "hot-german"}, True, False, False),
        ({"segment": "not-hot"}, False, False, True),
        ({"$or": [{"segment": "german"}, {"contact.score": {"$exists": False}}]}, True, False, True),
        ({"$nor": [{"segment": "german"}]}, False, True, True),
        ({"segment": "hot", "contact.country": {"$ne": "DE"}}, False, True, False),
    ],
)
def test_a_segment_means_what_it_asks_for(rule: dict[str, Any], lea: bool, max_: bool, nil: bool) -> None:
    condition = compile_condition(rule, segments=SEGMENTS)
    assert [condition.test(facts) for facts in (LEA, MAX, NIL)] == [lea, max_, nil]


def test_an_error_inside_of_a_segment_is_an_error_of_the_rule() -> None:
    condition = compile_condition({"$not": {"segment": "hot"}}, segments=SEGMENTS)
    with pytest.raises(ConditionError, match=r"contact\.score"):
        condition.test({"contact": {"score": "many"}})


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"segment": "hott"}, "there is no segment hott; did you mean hot?"),
        ({"segment": ["hot"]}, "takes the key of one segment"),
        ({"segment": {"$in": ["hot"]}}, "takes the key of one segment"),
        ({"contact.segment": "hot"}, "a segment is asked for as {segment: key}"),
        ({"$or": [{"segment": "broken"}]}, r"segment broken cannot be used: contact.score: operator \$near"),
        ({"contact.tags": {"$elemMatch": {"segment": "hot"}}}, "there is no segment hot"),
    ],
)
def test_a_segment_that_cannot_be_asked_for_is_refused(rule: dict[str, Any], says: str) -> None:
    with pytest.raises(BadCondition, match=says):
        compile_condition(rule, segments=SEGMENTS)


@pytest.mark.parametrize(
    ("segments", "circle"),
    [
        ({"a": {"segment": "a"}}, "a → a"),
        ({"a": {"segment": "b"}, "b": {"$not": {"segment": "a"}}}, "a → b → a"),
        ({"a": {"segment": "b"}, "b": {"$or": [{"segment": "c"}]}, "c": {"segment": "b"}}, "b → c → b"),
    ],
)
def test_a_circle_is_refused_with_its_segments_named(segments: dict[str, Any], circle: str) -> None:
    with pytest.raises(BadCondition, match=f"segments that ask for each other: {circle}$"):
        compile_condition({"segment": "a"}, segments=segments)


def test_segments_that_grow_without_end_are_refused() -> None:
    doubling = {f"s{n}": {"$and": [{"segment": f"s{n + 1}"}, {"segment": f"s{n + 1}"}]} for n in range(40)}
    with pytest.raises(BadCondition, match=f"more than {MOST_SEGMENTS} segments"):
        compile_condition({"segment": "s0"}, segments=doubling | {"s40": {"contact.score": 1}})


def test_a_rule_that_is_only_shown_may_name_any_segment_and_answers_nothing() -> None:
    condition = compile_condition({"segment": "anything"})
    assert condition.segments == ("anything",)
    with pytest.raises(ConditionError, match="what segment anything asks for cannot be looked up"):
        condition.test(LEA)


def test_paths_and_segments_are_seen_through_segments() -> None:
    condition = compile_condition({"segment": "hot-german", "contact.city": "Bonn"}, segments=SEGMENTS)
    assert condition.segments == ("hot-german", "hot", "german")
    assert condition.paths == ("contact.score", "contact.country", "contact.city")


@pytest.mark.requirement("K4")
def test_the_explanation_shows_what_the_segment_asked() -> None:
    condition = compile_condition({"segment": "hot"}, segments=SEGMENTS)
    (check,) = condition.explain(MAX | {"contact": {"score": 12, "country": "FR"}})
    says = (
        "is in segment Hot: no (contact.score is at least 50: no, it is 12; "
        "contact.country is one of DE, FR: yes, it is FR)"
    )
    step = explain.told_part({"steps": [{"step": "one", "checks": [explain._check(check)]}]})["steps"][0]
    document = step["checks"][0]
    assert document["inner"][0] == {"path": "contact.score", "op": "$gte", "want": 50, "got": 12, "ok": False}
    assert explain.check_says(document) == check.says()
    assert check.says() == says


def test_words_call_a_segment_by_its_name() -> None:
    rule = {"contact.score": {"$gt": 5}, "$or": [{"segment": "hot"}, {"$not": {"segment": "german"}}]}
    assert condition_words(rule, titles={"hot": "Leads to call"}) == (
        "score is more than 5 and (is in segment Leads to call or is not in segment German)"
    )


def test_types_are_checked_with_the_segments_that_there_are() -> None:
    fields = {"contact.score": FieldType("number"), "contact.country": FieldType("picklist")}
    assert check_types({"segment": "hot", "contact.score": 5}, fields, segments=SEGMENTS) == ()
    ((place, says),) = check_types({"segment": "cold"}, fields, segments=SEGMENTS)
    assert (place, says[:24]) == ("segment", "there is no segment cold")
