"""What strict JSON takes, what it refuses, and what one bad item costs its neighbours (FAULTS F11)."""

import json
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from martechops.lib import strict_json
from martechops.lib.strict_json import BadJson
from tests.fixtures.json import texts

#: RFC 8259 allows these; a repeated key and U+0000 are limits of ours, written down in the module.
OUR_LIMITS = {
    "y_object_duplicated_key",
    "y_object_duplicated_key_and_value",
    "y_object_escaped_null_in_key",
    "y_string_null_escape",
}


def named(prefix: str) -> list[str]:
    return sorted(name for name in texts() if name.startswith(prefix))


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"[]" + b"}" * (levels - 1)


def test_suite_is_whole() -> None:
    assert (len(named("n_")), len(named("y_")), len(named("i_"))) == (188, 95, 35)


@pytest.mark.parametrize("name", named("n_"))
def test_what_is_no_json_is_refused(name: str) -> None:
    with pytest.raises(BadJson):
        strict_json.loads(texts()[name])


@pytest.mark.parametrize("name", named("y_"))
def test_what_is_json_is_read_as_others_read_it(name: str) -> None:
    if name in OUR_LIMITS:
        with pytest.raises(BadJson):
            strict_json.loads(texts()[name])
    else:
        assert strict_json.loads(texts()[name]) == json.loads(texts()[name])


@pytest.mark.parametrize("name", named("i_"))
def test_what_parsers_differ_on_is_read_or_refused(name: str) -> None:
    with suppress(BadJson):
        strict_json.loads(texts()[name])


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf{}", "byte-order mark"),
        (b"{}".decode().encode("utf-16"), "byte-order mark"),
        (b'{"a": NaN}', "unexpected character"),
        (b'{"a": -Infinity}', "no digit"),
        (b'{"a": 1e999}', "infinity"),
        (b'"\\ud800"', "surrogate"),
        (b'"\xff"', "UTF-8"),
        (b'{"a": {"b": 1, "b": 1}}', 'the key "b" twice'),
        (b'{"a:": 1, "a\\u003a": 1}', 'the key "a:" twice'),
        (b'{"a": "\\u003A", "b": 1, "b": 2}', 'the key "b" twice'),
        (b'{"a": "x\\u0000"}', "U+0000"),
        (b'{"a\\u0000": 1}', "U+0000"),
        (nested(33), "32 levels"),
        (b"[" * 1_000 + b"]" * 1_000, "32 levels"),
        (b"[" * 100_000, "depth"),
        (b'{"a":[' + b"[" * 900 + b"]" * 900 + b'],"a":1}', "twice"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_refusal_says_why(raw: bytes, says: str) -> None:
    with pytest.raises(BadJson, match=says.replace("+", r"\+")):
        strict_json.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        nested(32),
        b'{"a": "\\\\u0000 \\\\u003a", "b": "::"}',
        b'{"a": "\\u003a", "b": ":"}',
        b'[{"a": 1}, {"a": 1}]',
        b'{"a": {"a": {"a": 1}}}',
        b'{"open": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}',
    ],
)
def test_look_alikes_are_read(raw: bytes) -> None:
    assert strict_json.loads(raw) == json.loads(raw)


def test_whole_number_past_64_bits_becomes_a_double() -> None:
    assert strict_json.loads(b"123456789012345678901") == 1.2345678901234568e20


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values, st.booleans())
def test_whatever_python_writes_is_read_back(value: Any, ascii_only: bool) -> None:
    assert strict_json.loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ":", "é"]), st.just(1)), max_size=4))
def test_a_key_twice_is_always_found(pairs: list[tuple[str, int]]) -> None:
    raw = ("{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs) + "}").encode()
    if len(dict(pairs)) == len(pairs):
        assert strict_json.loads(raw) == dict(pairs)
    else:
        with pytest.raises(BadJson):
            strict_json.loads(raw)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(raw: bytes) -> None:
    for read in (strict_json.loads, lambda text: strict_json.loads_items(text, member="batch")):
        with suppress(BadJson):
            read(raw)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": [-Infinity]}', "-Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": 1, "a": 1}', 'the key "a" twice'),
        (b'{"a": "\\u0000"}', "U+0000"),
        (b'{"a": "\\udc00"}', "Unicode"),
        (b'{"a": "\xff"}', "Unicode"),
        (nested(33), "32 levels"),
        (nested(300), "32 levels"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_bad_item_costs_its_neighbours_nothing(bad: bytes, says: str) -> None:
    document, items = strict_json.loads_items(
        b'{"sentAt": "now", "batch": [{"b": 12345678901234567890123}, ' + bad + b', {"c": "\\u00e9"}]}', member="batch"
    )
    assert document["sentAt"] == "now"
    assert (items[0], items[2]) == ({"b": 1.2345678901234568e22}, {"c": "é"})
    assert isinstance(items[1], BadJson)
    assert says in str(items[1])


def test_item_may_be_as_deep_as_a_text_of_its_own() -> None:
    _, items = strict_json.loads_items(b'{"batch": [' + nested(32) + b"]}", member="batch")
    assert items == [orjson.loads(nested(32))]


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b'{"batch": {}}',
        b"{}",
        b'{"batch": [',
        b'{"batch": [NaN',
        b'{"batch": [], "batch": []}',
        b'{"batch": [], "sentAt": NaN}',
        b'{"batch": [' + nested(2_000) + b"]}",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_text_that_cannot_be_taken_apart_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(BadJson):
        strict_json.loads_items(raw, member="batch")
