"""Event types go out as others keep them and come back the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.tracking_plan import (
    BadPlan,
    Planned,
    from_json_schemas,
    from_segment,
    read,
    to_json_schemas,
    to_segment,
)

SCHEMA = {"type": "object", "required": ["plan"], "properties": {"plan": {"type": "string", "enum": ["free", "pro"]}}}
names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=60)
plans = st.lists(
    st.builds(Planned, names, st.text(max_size=40), st.sampled_from([SCHEMA, {}, {"type": "object"}])),
    max_size=6,
    unique_by=lambda event: event.name,
)


@pytest.mark.requirement("F5")
@given(plans)
def test_plan_comes_back_as_it_went_out(planned: list[Planned]) -> None:
    assert from_segment(to_segment(planned, name="x")) == planned
    assert read(to_segment(planned, name="x")) == planned
    assert from_json_schemas(to_json_schemas(planned)) == planned


def test_older_form_of_a_plan_is_read() -> None:
    rules = {"events": [{"name": "A", "description": "b", "rules": {"properties": {"properties": SCHEMA}}}]}
    assert read({"tracking_plan": {"rules": rules}}) == [Planned("A", "b", SCHEMA)]


def test_one_schema_with_a_title_is_one_event() -> None:
    assert read({"title": "A", **SCHEMA}) == [Planned("A", "", SCHEMA)]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "must be an object"),
        ({"rules": "x"}, "must be a list"),
        ({"rules": [{}]}, "needs a key"),
        ({"rules": [{"key": "A"}, {"key": "A"}]}, "twice"),
        ({"A": []}, "must be a JSON Schema"),
        ({"A": {"properties": {"p": {"$ref": "https://example.com/"}}}}, "A/properties/p/\\$ref: refers to another"),
        ({" ": {}}, "1 to 120"),
    ],
    ids=repr,
)
def test_document_that_cannot_be_read_is_refused_with_its_place(document: object, says: str) -> None:
    with pytest.raises(BadPlan, match=says):
        read(document)
