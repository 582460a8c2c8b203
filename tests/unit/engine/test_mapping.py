"""Values from outside become values of the catalog's types, and what does not fit is told."""

from typing import Any

import pytest

from workflows.engine.coercions import COERCIONS, WAYS, CannotCoerce, read
from workflows.engine.mapping import BadMapping, compile_mapping

FIELD_TYPES = {"text", "number", "date", "datetime", "boolean", "picklist", "email", "phone", "url", "consent"}


@pytest.mark.requirement("E6")
def test_there_is_a_way_for_every_type_of_the_catalog_each_with_words() -> None:
    assert set(WAYS) == FIELD_TYPES
    assert all(way.words for way in COERCIONS.values())


@pytest.mark.requirement("E6")
@pytest.mark.parametrize(
    ("way", "raw", "value"),
    [
        ("trim", "  Lea \n Marsh ", "Lea Marsh"),
        ("trim", 7, "7"),
        ("trim", "  ", None),
        ("lower-case", " DE ", "de"),
        ("upper-case", "de", "DE"),
        ("plain-number", "12.50", 12.5),
        ("plain-number", "1200", 1200),
        ("plain-number", 3, 3),
        ("plain-number", "1e3", 1000.0),
        ("comma-thousands", "1,234,567.5", 1234567.5),
        ("comma-decimals", "1.234,5", 1234.5),
        ("comma-decimals", "12", 12),
        ("iso-date", "2026-11-02", "2026-11-02"),
        ("iso-date", "2026-11-02T23:30:00-08:00", "2026-11-02"),
        ("day-first", "2.11.2026", "2026-11-02"),
        ("month-first", "11/02/2026", "2026-11-02"),
        ("iso-time", "2026-11-02T09:00:00+01:00", "2026-11-02T08:00:00+00:00"),
        ("iso-time", "2026-11-02T09:00:00Z", "2026-11-02T09:00:00+00:00"),
        ("iso-time", "2026-11-02 09:00", "2026-11-02T09:00:00+00:00"),
        ("unix-seconds", 0, "1970-01-01T00:00:00+00:00"),
        ("unix-milliseconds", "1793610000000", "2026-11-02T09:00:00+00:00"),
        ("yes-or-no", "Yes", True),
        ("yes-or-no", 0, False),
        ("one-address", " Ana@Example.COM", "ana@example.com"),
        ("phone-as-written", "+49 (30) 123-456", "+49 (30) 123-456"),
        ("phone-digits", "0049 30 123 456", "+4930123456"),
        ("web-address", "https://example.com/a?b=1", "https://example.com/a?b=1"),
        ("granted-or-denied", True, "granted"),
        ("granted-or-denied", "Denied", "denied"),
    ],
)
def test_value_is_read(way: str, raw: Any, value: Any) -> None:
    assert read(raw, COERCIONS[way].type, way) == value


@pytest.mark.requirement("E6")
@pytest.mark.parametrize(
    ("way", "raw"),
    [
        ("trim", ["a"]),
        ("trim", True),
        ("plain-number", "about fifty"),
        ("plain-number", "1,234"),
        ("plain-number", "NaN"),
        ("plain-number", "1e999"),
        ("plain-number", "٣"),
        ("plain-number", "1_000"),
        ("plain-number", True),
        ("plain-number", "9" * 5_000),
        ("comma-thousands", "1,23"),
        ("comma-decimals", "1.23"),
        ("iso-date", "02.11.2026"),
        ("iso-date", 20261102),
        ("day-first", "31.02.2026"),
        ("month-first", "13/02/2026"),
        ("iso-time", "tomorrow"),
        ("iso-time", "0001-01-01T00:00:00+14:00"),
        ("unix-seconds", 10**30),
        ("yes-or-no", "maybe"),
        ("one-address", "nobody"),
        ("phone-digits", "call me"),
        ("phone-digits", "12"),
        ("web-address", "javascript:alert(1)"),
        ("granted-or-denied", "perhaps"),
    ],
)
def test_value_of_another_type_is_refused(way: str, raw: Any) -> None:
    with pytest.raises(CannotCoerce):
        read(raw, COERCIONS[way].type, way)


def test_time_without_a_zone_is_in_the_zone_of_the_row() -> None:
    row = {"from": "event.at", "to": "at", "type": "datetime", "timezone": "Europe/Berlin"}
    mapping = compile_mapping(key="m", rows=[row])
    at = [mapping.apply({"event": {"at": at}}).values["at"] for at in ("2026-07-01T09:00", "2026-11-02T09:00")]
    assert at == ["2026-07-01T07:00:00+00:00", "2026-11-02T08:00:00+00:00"]


@pytest.mark.requirement("E6")
def test_what_does_not_fit_is_listed_and_counts_as_missing() -> None:
    rows = [
        {"from": "event.size", "to": "company_size", "type": "number", "required": True},
        {"from": "event.country", "to": "country", "type": "picklist", "as": "one-of-upper-case", "allowed": ["DE"]},
        {"from": "event.lang", "to": "language", "default": "  en "},
    ]
    mapped = compile_mapping(key="m", rows=rows).apply({"event": {"size": "many", "country": "fr"}})
    assert mapped.values == {"language": "en"}
    assert mapped.missing == ("company_size",)
    assert mapped.violations == (("company_size", "'many' is not a number"), ("country", "FR is none of DE"))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("x", "must be a row"),
        ({"to": "a"}, "needs from"),
        ({"from": "a"}, "needs to"),
        ({"from": "a", "to": "b", "type": "decimal"}, "needs a type out of text"),
        ({"from": "a", "to": "b", "type": ["text"]}, "needs a type out of text"),
        ({"from": "a", "to": "b", "type": "number", "as": "trim"}, "no way to read a number"),
        ({"from": "a", "to": "b", "typ": "text"}, "unknown: typ"),
        ({"from": "a", "to": "b", "type": "number", "default": "x"}, "the default 'x' is not a number"),
        ({"from": "a", "to": "b", "type": "picklist", "allowed": "DE"}, "list of texts"),
        ({"from": "a", "to": "b", "type": "picklist", "allowed": ["DE"], "default": "FR"}, "none of DE"),
        ({"from": "a", "to": "b", "type": "datetime", "timezone": "Mars/Olympus"}, "no time zone"),
    ],
    ids=repr,
)
def test_row_that_could_not_be_used_is_refused(row: Any, says: str) -> None:
    with pytest.raises(BadMapping, match=says):
        compile_mapping(key="m", rows=[{"from": "a", "to": "b"}, row])


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(BadMapping, match=r"row 1: needs to; m, row 2: needs from"):
        compile_mapping(key="m", rows=[{"from": "a"}, {"to": "b"}])


@pytest.mark.parametrize("row", [{"from": {}, "default": 1}, {"from": [], "to": 5, "default": "x"}, {"as": []}, [], 5])
def test_row_of_any_shape_is_refused_and_never_fails(row: Any) -> None:
    with pytest.raises(BadMapping, match="row 1"):
        compile_mapping(key="m", rows=[row])
