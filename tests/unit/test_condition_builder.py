"""Rows and groups give the very rule back that they were made from, or say that they cannot show it."""

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.conditions import FieldType, check_types
from workflows.forms import condition_builder as builder
from workflows.forms.builder_page import ShownGroup, ShownRow, shown

SEGMENTS = {"hot": "Hot leads", "paying": "Customers"}
CONTACT_FIELDS = {
    "contact.score": FieldType("number"),
    "contact.city": FieldType("text"),
    "contact.stage": FieldType("picklist", allowed=("lead", "mql", "a, b")),
    "contact.vip": FieldType("boolean"),
    "contact.renewal_on": FieldType("date"),
    "contact.seen_at": FieldType("datetime"),
}
FIELDS = builder.with_segments(CONTACT_FIELDS, SEGMENTS)
SHOWN: list[dict[str, Any]] = [
    {"contact.score": 5},
    {"contact.score": {"$gte": 5, "$lt": 9.5}},
    {"contact.score": {"$in": [1, 2, 3]}},
    {"contact.city": {"$exists": False}},
    {"contact.city": {"$in": ["Bonn", "Ulm"]}},
    {"contact.stage": {"$nin": ["a, b", "mql"]}},
    {"contact.vip": True},
    {"contact.renewal_on": {"$lte": {"days_ahead": 30}}},
    {"contact.seen_at": {"$gt": {"hours_ago": 3}}},
    {"contact.renewal_on": "2026-11-22"},
    {"$or": [{"contact.score": 5}, {"contact.vip": False, "contact.city": "Bonn"}]},
    {"contact.vip": True, "$or": [{"contact.score": 5}, {"$nor": [{"contact.city": "Bonn"}]}]},
    {"$and": [{"$or": [{"contact.score": 5}]}, {"$or": [{"contact.score": 6}]}]},
    {"$nor": [{"contact.city": {"$startsWith": "B"}}]},
    {"segment": "hot"},
    {"$not": {"segment": "paying"}},
    {"contact.score": {"$gte": 5}, "segment": "hot", "$not": {"segment": "paying"}},
    {"$or": [{"segment": "hot"}, {"$not": {"segment": "paying"}, "contact.vip": True}]},
    {"$and": [{"segment": "hot"}, {"segment": "paying"}]},
]
NOT_SHOWN: list[dict[str, Any]] = [
    {"contact.score": {"$eq": 5}},
    {"$not": {"contact.score": 5}},
    {"contact.score": {"$not": {"$gt": 5}}},
    {"contact.score": "5"},
    {"contact.city": {"$in": ["Bonn, Rhein"]}},
    {"contact.city": " Bonn"},
    {"contact.unknown": 5},
    {"event.name": "x"},
    {"segment": "gone"},
    {"segment": {"$in": ["hot", "paying"]}},
    {"$not": {"segment": "hot", "contact.score": 5}},
]


def sent(document: dict[str, Any]) -> builder.Group:
    """The rule shown on a page and sent back as the page's controls would send it."""
    data = QueryDict(mutable=True)
    put(shown(builder.from_document(document, FIELDS), FIELDS, address="/").root, data)
    return builder.from_form(data)


def put(group: ShownGroup, data: QueryDict) -> None:
    data[f"{group.name}.group"] = group.kind
    for member in group.members:
        if isinstance(member, ShownGroup):
            put(member, data)
        else:
            put_row(member, data)


def put_row(row: ShownRow, data: QueryDict) -> None:
    data[f"{row.name}.field"] = row.path
    data[f"{row.name}.operator"] = row.operator
    if row.units:
        data[f"{row.name}.unit"] = row.unit
    if row.control == "choices":
        data.setlist(f"{row.name}.value", [value for value, _ in row.choices if value in row.chosen])
    elif row.control == "choice":
        data.setlist(f"{row.name}.value", row.chosen[:1])
    elif row.control != "none":
        data[f"{row.name}.value"] = row.value


@pytest.mark.parametrize("document", SHOWN)
def test_rule_goes_to_the_page_and_back_unchanged(document: dict[str, Any]) -> None:
    assert check_types(document, FIELDS) == ()
    back = builder.to_document(sent(document), FIELDS)
    assert back == document or sorted(back) == sorted(document) == ["contact.stage"]  # a choice has no order


@pytest.mark.parametrize("document", NOT_SHOWN)
def test_rule_that_would_come_back_changed_is_not_shown(document: dict[str, Any]) -> None:
    with pytest.raises(builder.CannotBeShown):
        builder.from_document(document, FIELDS)


leaves = st.sampled_from([document for document in SHOWN if not any(name.startswith("$") for name in document)])
rules = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda group, parts: {group: parts}, st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)


@given(document=rules)
def test_every_rule_that_is_shown_comes_back_as_it_was(document: dict[str, Any]) -> None:
    try:
        group = builder.from_document(document, FIELDS)
    except builder.CannotBeShown:
        return
    assert builder.to_document(group, FIELDS) == document


def test_segment_is_chosen_by_its_name_and_only_where_there_are_any() -> None:
    page = shown(builder.from_document({"segment": "hot"}, FIELDS), FIELDS)
    row = page.root.members[0]
    assert isinstance(row, ShownRow)
    assert ("segment", "Segment") in page.fields
    assert (row.control, row.choices) == ("choice", [("hot", "Hot leads"), ("paying", "Customers")])
    assert row.operators == [("in", "is in"), ("out", "is not in")]
    assert builder.with_segments(CONTACT_FIELDS, {}) == CONTACT_FIELDS


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (builder.Row(path="segment", operator="in"), "Choose a segment."),
        (builder.Row(path="segment", operator="in", texts=["gone"]), "There is no segment gone."),
        (builder.Row(path="segment", operator="$eq", texts=["hot"]), "Choose how to compare it."),
    ],
)
def test_segment_row_that_is_not_finished_says_what_is_missing(row: builder.Row, says: str) -> None:
    with pytest.raises(builder.Unfinished, match=says):
        builder.to_document(builder.Group(members=[row]), FIELDS)
