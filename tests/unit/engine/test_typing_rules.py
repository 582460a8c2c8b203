"""Rules of a workflow against the catalog: each thing that does not fit is said at its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.conditions import FieldType
from workflows.engine.typing_rules import Vocabulary, of_schema, problems

WORDS = Vocabulary(
    fields={
        "contact.score": FieldType("number"),
        "contact.country": FieldType("picklist", allowed=("DE", "FR")),
        "contact.lifecycle_stage": FieldType("picklist", allowed=("lead", "mql")),
        "contact.email": FieldType("email"),
        "contact.renewal_on": FieldType("date"),
        "contact.consent.email": FieldType("consent", allowed=("granted", "denied")),
    },
    events={
        "Demo Requested": {"plan": FieldType("picklist", allowed=("pro", "free")), "seats": FieldType("number")},
        "Trial Started": {"plan": FieldType("text"), "days": FieldType("number")},
        "Meeting Booked": {"with": FieldType("text")},
        "Anything": None,
    },
    segments={"hot": {"contact.score": {"$gte": 50}}, "round": {"segment": "about"}, "about": {"segment": "round"}},
    stages=("lead", "mql"),
)
DEMO = {"event": "Demo Requested"}


def said(content: dict[str, Any]) -> list[tuple[str, str]]:
    return list(problems(content, WORDS))


def of_step(rule: Any, trigger: Any = DEMO, *before: dict[str, Any]) -> list[tuple[str, str]]:
    return said({"trigger": trigger, "steps": [*before, {"key": "s", "when": rule}]})


@pytest.mark.requirement("K3")
@pytest.mark.parametrize(
    ("rule", "place", "says"),
    [
        ({"contact.scor": 5}, "contact.scor", "is no field; did you mean contact.score?"),
        ({"contact.score": {"$contains": "5"}}, "contact.score", "$contains is not for a number"),
        ({"contact.score": "high"}, "contact.score", '"high" is not a number'),
        ({"contact.country": {"$in": ["DE", "Fr"]}}, "contact.country", "Fr is not a value of it; did you mean FR?"),
        ({"$or": [{"contact.score": 1}, {"contact.email": {"$gt": 5}}]}, "$or[1].contact.email", "$gt is not for"),
        ({"event.properties.plam": "pro"}, "event.properties.plam", "is no field; did you mean event.properties.plan?"),
        ({"event.properties.plan": "enterprise"}, "event.properties.plan", "enterprise is not a value of it"),
        ({"event.properties.seats": {"$startsWith": "1"}}, "event.properties.seats", "$startsWith is not for a number"),
        ({"segment": "hott"}, "segment", "there is no segment hott; did you mean hot?"),
        ({"segment": "round"}, "segment", "segments that ask for each other: round → about → round"),
        ({"contact.score": {"$near": 5}}, "contact.score", "operator $near is not offered"),
    ],
)
def test_what_does_not_fit_is_said_at_its_step(rule: dict[str, Any], place: str, says: str) -> None:
    ((where, what),) = of_step(rule)
    assert where == f"steps[0].when.{place}"
    assert what.startswith(says)


@pytest.mark.parametrize(
    "rule",
    [
        {"contact.score": {"$gte": 5}, "contact.country": "DE", "segment": "hot"},
        {"event.properties.plan": {"$ne": "free"}, "event.properties.seats": {"$gt": 5}},
        {"event.name": "Demo Requested", "event.occurred_at": {"$gte": {"days_ago": 3}}},
        {"event.traits.whatever": {"$contains": "x"}, "$or": [{"event.context.page.path": {"$regex": "^/"}}]},
        {"contact.renewal_on": {"$lt": {"days_ahead": 30}}},
    ],
)
def test_what_fits_is_let_through(rule: dict[str, Any]) -> None:
    assert of_step(rule) == []


def test_every_place_of_a_rule_is_looked_at() -> None:
    bad = {"contact.gone": 1}
    content = {
        "trigger": DEMO | {"where": bad},
        "entry": {"key": ["contact", "contact.gone"], "when": bad},
        "steps": [
            {"key": "a", "when": bad, "guards": {"require": ["contact.gone"]}},
            {"key": "b", "choose": [{"when": bad, "go": "c"}, {"else": "end"}]},
            {"key": "c", "wait": {"for": "1 day", "until": {"event": "Meeting Booked", "where": bad}}},
            {"key": "d", "wait": {"until": {"date": "contact.gone"}}},
            {"key": "e", "handoff": {"to": "sales", "payload": ["contact.gone"]}},
        ],
    }
    assert [place for place, _ in said(content)] == [
        "trigger.where.contact.gone",
        "entry.key[1]",
        "entry.when.contact.gone",
        "steps[0].when.contact.gone",
        "steps[0].guards.require[0]",
        "steps[1].choose[0].when.contact.gone",
        "steps[2].wait.until.where.contact.gone",
        "steps[3].wait.until.date",
        "steps[4].handoff.payload[0]",
    ]


@pytest.mark.parametrize(
    ("trigger", "rule", "fits"),
    [
        ({"event": ["Demo Requested", "Trial Started"]}, {"event.properties.days": 5}, True),
        ({"event": ["Demo Requested", "Trial Started"]}, {"event.properties.plan": {"$contains": "x"}}, True),
        ({"event": ["Demo Requested", "Trial Started"]}, {"event.properties.gone": 5}, False),
        ({"event": "Anything"}, {"event.properties.gone": 5}, True),
        ({"event": "Not In The Catalog"}, {"event.properties.gone": 5}, True),
        ({"stage": "mql"}, {"event.properties.from": "lead"}, True),
        ({"stage": "mql"}, {"event.properties.from": "laed"}, False),
        ({"field": "score"}, {"event.properties.to": {"$gt": 5}}, True),
        ({"field": "score"}, {"event.properties.to": "many"}, False),
        ({"segment": "hot", "on": "leave"}, {"event.properties.gone": 5}, False),
        ({"schedule": "0 9 * * mon", "segment": "hot"}, {"event.properties.due_at": {"$exists": True}}, True),
    ],
)
def test_a_rule_asks_for_what_its_trigger_carries(trigger: dict[str, Any], rule: dict[str, Any], fits: bool) -> None:
    assert (said({"trigger": trigger | {"where": rule}}) == []) == fits
    assert (of_step(rule, trigger) == []) == fits


def test_after_a_wait_a_rule_may_ask_for_what_woke_it() -> None:
    wait = {"key": "w", "wait": {"for": "1 day", "until": {"event": "Meeting Booked"}}}
    rule = {"event.properties.with": "Ana"}
    assert of_step(rule) != []
    assert of_step(rule, DEMO, wait) == []


@pytest.mark.parametrize(
    ("field", "value", "fits"),
    [("country", "DE", True), ("country", "XX", False), ("score", "many", False), ("score", 5, True)],
)
def test_a_value_that_is_set_is_one_that_the_field_takes(field: str, value: Any, fits: bool) -> None:
    step = {"key": "s", "action": "set_field", "with": {"field": field, "value": value}}
    assert ([place for place, _ in said({"steps": [step]})] == []) == fits


def test_a_wait_needs_a_date() -> None:
    ((place, says),) = said({"steps": [{"wait": {"until": {"date": "contact.score"}}}]})
    assert (place, says) == ("steps[0].wait.until.date", "contact.score holds no date; its type is number")


@pytest.mark.parametrize(
    ("schema", "closed", "found"),
    [
        ({"properties": {"on": {"type": "string", "format": "date"}}}, True, {"on": FieldType("date")}),
        ({"properties": {"n": {"type": ["integer", "null"]}}}, True, {"n": FieldType("number")}),
        ({"properties": {"n": {"type": ["integer", "string"]}}}, True, {"n": FieldType("any")}),
        ({"properties": {"tags": {"type": "array"}}}, True, {"tags": FieldType("list")}),
        (
            {"properties": {"cart": {"type": "object", "properties": {"total": {"type": "number"}}}}},
            True,
            {"cart": FieldType("any"), "cart.total": FieldType("number")},
        ),
        ({"properties": {"n": {"type": "integer"}}}, False, None),
        ({"properties": {"n": {"type": "integer"}}, "additionalProperties": True}, True, None),
        ({"properties": {"n": {"type": "integer"}}, "additionalProperties": False}, False, {"n": FieldType("number")}),
        ({"properties": {}, "allOf": [{"properties": {"n": {}}}]}, True, None),
        ({}, True, None),
    ],
)
def test_what_a_schema_says_of_properties(schema: dict[str, Any], closed: bool, found: Any) -> None:
    assert of_schema(schema, closed=closed) == found


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["trigger", "where", "event", "steps", "when", "entry", "key", "with", "guards", "require", "wait", "until",
         "date", "choose", "field", "stage", "$or", "$not", "contact.score", "segment", "event.properties.plan"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(content=st.dictionaries(st.sampled_from(["trigger", "entry", "steps"]), json))
def test_unfinished_files_never_raise(content: dict[str, Any]) -> None:
    problems(content, WORDS)
