"""What an event may carry: each kind of fault with its place, and schemas that cannot be relied on are refused."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.schema_changes import changes, kind_of_change, versions
from workflows.engine.schemas import BadSchema, close, compile_schema, problems

ORDER = {
    "type": "object",
    "required": ["value"],
    "properties": {
        "value": {"type": "number", "minimum": 0},
        "plan": {"enum": ["free", "pro"]},
        "address": {"type": "object", "properties": {"city": {"type": "string"}}},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
    },
}


@pytest.mark.requirement("F3")
@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({"value": 1}, []),
        ({}, [("missing", "/value")]),
        ({"value": "1"}, [("type", "/value")]),
        ({"value": -1}, [("value", "/value")]),
        ({"value": 1, "plan": "gold"}, [("value", "/plan")]),
        ({"value": 1, "vlaue": 2, "a/b~c": 3}, [("extra", "/a~1b~0c"), ("extra", "/vlaue")]),
        ({"value": 1, "address": {"zip": 1}}, [("extra", "/address/zip")]),
        ({"value": 1, "lines": [{"sku": "a"}, {"sku": 1}]}, [("type", "/lines/1/sku")]),
    ],
)
def test_each_kind_of_fault_is_told_with_its_place(properties: dict[str, object], found: list[tuple[str, str]]) -> None:
    assert [(fault.kind, fault.pointer) for fault in compile_schema(ORDER).faults(properties)] == found


def test_open_schema_takes_what_it_does_not_list() -> None:
    assert compile_schema(ORDER, closed=False).faults({"value": 1, "other": 2}) == ()
    assert compile_schema(ORDER | {"additionalProperties": True}).faults({"value": 1, "other": 2}) == ()


def test_properties_listed_beside_a_choice_are_not_extra() -> None:
    schema = {"properties": {"a": {}}, "allOf": [{"properties": {"b": {}}}]}
    check = compile_schema(schema)
    assert check.faults({"a": 1, "b": 2}) == ()
    assert [(fault.kind, fault.pointer) for fault in check.faults({"c": 3})] == [("extra", "/c")]


def test_object_that_lists_nothing_stays_open() -> None:
    assert close({"type": "object"}) == {"type": "object"}


@pytest.mark.requirement("F3")
@pytest.mark.parametrize(
    "reference",
    ["https://example.com/x.json", "http://169.254.169.254/", "file:///etc/passwd", "x.json", "urn:x", "//evil/x"],
)
@pytest.mark.parametrize("place", ["{}", '{{"properties": {{"p": {}}}}}', '{{"allOf": [{{"not": {}}}]}}'])
def test_reference_to_another_document_is_refused_and_nothing_is_fetched(reference: str, place: str) -> None:
    schema = json.loads(place.format(json.dumps({"$ref": reference})))
    assert [says for pointer, says in problems(schema) if pointer.endswith("/$ref")]
    with pytest.raises(BadSchema, match="another document"):
        compile_schema(schema)


def test_reference_that_hides_in_a_place_of_its_own_is_not_fetched_either() -> None:
    schema = {"properties": {"p": {"$ref": "#/x-hidden"}}, "x-hidden": {"$ref": "https://example.com/x.json"}}
    assert "not fetched" in str(problems(schema))


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ([], "must be an object"),
        ({"type": "array"}, "must be object"),
        ({"properties": {"a": {"type": "strnig"}}}, "strnig"),
        ({"properties": {"a": {"$ref": "#/$defs/none"}}}, "none"),
        ({"properties": {"a": {"pattern": "(?=look)ahead"}}}, "regex"),
        ({"properties": {"a": {"$id": "https://example.com/"}}}, "leave it out"),
    ],
    ids=repr,
)
def test_schema_that_cannot_be_relied_on_is_refused(schema: object, says: str) -> None:
    assert says in str(problems(schema))


def test_schema_too_deep_to_read_is_refused() -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(60):
        schema = {"properties": {"a": schema}}
    assert "too deep" in str(problems(schema))


def test_pattern_bomb_ends_in_linear_time() -> None:
    check = compile_schema({"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}})
    assert check.faults({"a": "a" * 30_000 + "!"})[0].kind == "value"


BASE = {"required": ["plan"], "properties": {"plan": {"type": "string"}, "seats": {"type": "integer", "minimum": 1}}}


@pytest.mark.requirement("G4")
@pytest.mark.parametrize(
    ("new", "kind"),
    [
        (BASE, None),
        (BASE | {"description": "words"}, "addition"),
        (BASE | {"properties": BASE["properties"] | {"coupon": {"type": "string"}}}, "addition"),
        (BASE | {"required": []}, "addition"),
        (BASE | {"additionalProperties": True}, "addition"),
        (BASE | {"properties": BASE["properties"] | {"seats": {"type": "number", "minimum": 0}}}, "addition"),
        (BASE | {"properties": BASE["properties"] | {"seats": {"type": "integer", "minimum": 2}}}, "revision"),
        (BASE | {"properties": {"plan": {"type": "string"}}}, "revision"),  # an optional one is taken out
        (BASE | {"required": ["plan", "seats"]}, "revision"),
        (BASE | {"properties": BASE["properties"] | {"seats": {"type": "string"}}}, "revision"),
        (BASE | {"properties": BASE["properties"] | {"plan": {"type": "string", "enum": ["pro"]}}}, "revision"),
        (BASE | {"properties": BASE["properties"] | {"plan": {"type": "string", "x-words": 1}}}, "revision"),
        (BASE | {"properties": BASE["properties"] | {"plan": {"type": "number"}}}, "model"),
        (BASE | {"properties": {"seats": {"type": "integer", "minimum": 1}}, "required": []}, "model"),
        (BASE | {"properties": BASE["properties"] | {"team": {}}, "required": ["plan", "team"]}, "model"),
    ],
    ids=repr,
)
def test_change_is_called_by_what_it_breaks(new: dict[str, object], kind: str | None) -> None:
    assert kind_of_change(BASE, new) == kind


def test_change_says_each_difference_in_words() -> None:
    new = {"required": ["plan", "team"], "properties": {"plan": {"type": "number"}, "team": {"type": "string"}}}
    assert [(change.path, change.says) for change in changes(BASE, new)] == [
        ("plan", "is number, was string"),
        ("seats", "is taken out"),
        ("team", "is new"),
        ("team", "is required now"),
    ]


def test_versions_count_models_revisions_and_additions() -> None:
    wider = BASE | {"required": []}
    assert versions([BASE, wider, BASE, {"type": "object"}, BASE]) == ["1-0-0", "1-0-1", "1-1-0", "2-0-0", "3-0-0"]


_values = st.sampled_from(
    ["DE", "XX", "", 5, 5.5, -1, True, None, [], ["a"], {}, {"total": "x"}, {"total": 5, "b/c~d": 1}]
)
_kinds = st.sampled_from(
    [
        {},
        {"type": "string"},
        {"type": "number", "minimum": 0},
        {"type": ["integer", "null"]},
        {"enum": ["DE", "FR"]},
        {"type": "array", "items": {"type": "number"}},
        {"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}},
        {"anyOf": [{"type": "string"}, {"type": "boolean"}]},
    ]
)
_names = st.sampled_from(["plan", "seats", "b/c~d", "cart"])


@pytest.mark.requirement("F3")
@given(
    properties=st.dictionaries(_names, _kinds, max_size=4),
    required=st.lists(_names, unique=True, max_size=2),
    closed=st.booleans(),
    event=st.dictionaries(st.sampled_from(["plan", "seats", "b/c~d", "cart", "other"]), _values, max_size=5),
)
def test_asked_property_by_property_a_schema_says_what_it_says_as_a_whole(
    properties: dict[str, Any], required: list[str], closed: bool, event: dict[str, Any]
) -> None:
    listed = [name for name in required if name in properties]  # the library errs where others are required
    schema = {"type": "object", "properties": properties, "required": listed}
    compiled = compile_schema(schema, closed=closed)
    assert compiled.plain is not None
    assert set(compiled.faults(event)) == set(replace(compiled, plain=None).faults(event))


@pytest.mark.parametrize(
    "more",
    [
        {"minProperties": 1},
        {"allOf": [{"required": ["plan"]}]},
        {"additionalProperties": {"type": "string"}},
        {"properties": {"plan": {"$ref": "#/$defs/plan"}}, "$defs": {"plan": {"type": "string"}}},
        {"properties": {"plan": True}},
    ],
)
def test_a_schema_that_speaks_of_several_properties_is_asked_as_a_whole(more: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"plan": {"type": "string"}}} | more
    assert compile_schema(schema).plain is None
