"""What is written as YAML is read back the same, by us and by others; what is unclear is refused with its place."""

import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from martechops.lib import strict_yaml, yaml_text

NASTY = [
    *(
        "",
        " ",
        "\n",
        "\n\n",
        "a\n",
        "a\n\n\n",
        "\na",
        "  a\n b",
        "\ta\n\tb",
        "a \nb",
        "a\t\n",
        " \n ",
        "a\r\nb\r\n",
        "\r",
    ),
    *("yes", "No", "on", "y", "~", "null", "Null", "true", "1_000", "1,000", "0x1F", "0o17", "017", "1e3", "1.", ".5"),
    *(
        "2026-11-22",
        "2026-11-22T10:00:00Z",
        "12:30",
        "190:20:30",
        "+1",
        "-1",
        "-",
        "- a",
        "--- a",
        "...",
        "---",
        ".inf",
    ),
    *(
        "a: b",
        "a:",
        ":a",
        "a #b",
        "#a",
        "a,b",
        "[a",
        "{a}",
        "&a",
        "*a",
        "!a",
        "|",
        "> a",
        "%a",
        "@a",
        "`a",
        "'a'",
        '"a"',
    ),
    *(
        "? a",
        "=",
        "<<",
        "\\",
        "a\\nb",
        "{{ contact.first_name }}",
        "$gte",
        "🎉 emoji",
        "Zürich",
        "日本語",
        "\u00a0a\u00a0",
    ),
    *("\u2028x", "\x85y", "\ufeff", "\x7f", "\x01", "a\u0000b".replace("\0", "\x02"), "x" * 2000, "a\n  b\n c\n"),
    *(
        "a\n#b",
        "a: |\n  b",
        "key: value\nother: value",
        "line\n\n\n",
        "\n\nline",
        "trailing  \nspaces  \n",
        "tab\there",
    ),
]


@pytest.mark.parametrize("text", NASTY, ids=ascii)
@pytest.mark.parametrize("wrap", [lambda t: {"a": t}, lambda t: {t: "a"}, lambda t: {"a": [t, {"b": t, "c": [t]}]}])
def test_odd_text_comes_back_as_it_was(text: str, wrap: Any) -> None:
    written = yaml_text.dump(wrap(text))
    assert strict_yaml.load(written).data == wrap(text)
    assert yaml.safe_load(written) == wrap(text)  # to a reader of YAML 1.1 too
    assert yaml.load(written, Loader=yaml.CSafeLoader) == wrap(text)


texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.text(" \t\n\r#:-ab'\"\\|>{}[],&*!?%@`$\x85\u2028", max_size=12),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300),
    texts,
)
data = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=5)),
    max_leaves=25,
)


@given(st.dictionaries(texts, data, max_size=5))
@settings(max_examples=400, deadline=None)
def test_reading_what_was_written_gives_the_same(document: dict[str, Any]) -> None:
    written = yaml_text.dump(document)
    assert strict_yaml.load(written).data == document
    assert strict_yaml.load(written.replace("\n", "\r\n")).data == document  # checked out with other line endings
    assert yaml_text.dump(strict_yaml.load(written).data) == written
    assert not any(line != line.rstrip() for line in written.splitlines())  # an editor that trims changes nothing


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_one_way(raw: bytes) -> None:
    with contextlib.suppress(strict_yaml.BadYaml):
        strict_yaml.load(raw)


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "a stands here twice; first in line 1"),
        ("a: &x 1\nb: *x\n", (1, 4), "&x cannot be referred to"),
        ("b: *x\n", (1, 4), "stands for something elsewhere"),
        ("a: !!python/object:os.system {}\n", (1, 4), "tags such as"),
        ("a: 1\n---\nb: 2\n", (2, 1), "a second document"),
        ("zip: 01234\n", (1, 6), "can be read in several ways"),
        ("a: .nan\n", (1, 4), "can be read in several ways"),
        ("a: 9007199254740993\n", (1, 4), "too large"),
        ("a: 1e999\n", (1, 4), "too large"),
        ("a:\n\t- b\n", (2, 1), "is not YAML"),
        ("a: [1, 2\nb: 3\n", (2, 2), "is not YAML"),
        ("[a]: 1\n", (1, 1), "a name must be text"),
        (b"a: \xff\n", (1, 1), "is not UTF-8"),
        ("a: \x00\n", (1, 1), "is not YAML"),
        ('a: 1\nb: "x\\0y"\n', (2, 4), "NUL"),
        ('a: 1\n"b\\0": 1\n', (2, 1), "NUL"),
        ("[" * 100_000, (1, strict_yaml.DEEPEST + 2), "nested deeper"),
    ],
    ids=lambda value: str(value)[:24] if not isinstance(value, tuple) else "",
)
def test_what_is_unclear_is_refused_at_its_place(text: str | bytes, place: tuple[int, int], says: str) -> None:
    with pytest.raises(strict_yaml.BadYaml) as refused:
        strict_yaml.load(text)
    found, words = refused.value.problems[0]
    assert (found.line, found.column) == place
    assert says in words


def test_several_problems_are_said_at_once() -> None:
    with pytest.raises(strict_yaml.BadYaml) as refused:
        strict_yaml.load("a: 1\na: 2\nb: 007\nc: *d\n")
    assert [place.line for place, _ in refused.value.problems] == [2, 3, 4]


def test_words_and_dates_are_what_they_look_like() -> None:
    text = "on: enter\nno: NO\nwhen: 2026-11-22\nat: 09:00\nflag: true\nnone: ~\nempty:\nhalf: 0.5\n"
    assert strict_yaml.load(text).data == {
        "on": "enter",
        "no": "NO",
        "when": "2026-11-22",
        "at": "09:00",
        "flag": True,
        "none": None,
        "empty": None,
        "half": 0.5,
    }
