"""A template that eats time or memory ends only itself; the process that asked goes on (FAULTS F20, S5)."""

import os
import time
from collections.abc import Iterator

import pytest

from martechops.lib import liquid, liquid_child
from martechops.lib.liquid import BadTemplate

#: Without an end of their own they take hours; a busy machine takes seconds to start a process.
FAR_TOO_LONG_SECONDS = 60
#: What Liquid's own limits let through.
BOMBS = {
    "range": "{{ (1..1000000000) | join }}",
    "doubling": "{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | replace: 'a', a %}" * 9 + "{{ a }}",
    "sizes": "{% assign x = 'aaaaaaaaaa' %}" + "{% assign x = x | append: x %}" * 40 + "{{ x | size }}",
    "loops": "{% for a in (1..900) %}{% for b in (1..900) %}{% for c in (1..900) %}x" + "{% endfor %}" * 3,
}


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A child of its own, which has nothing against any text yet."""
    child = liquid_child._Child()
    monkeypatch.setattr(liquid_child, "_CHILD", child)
    yield
    child._end()


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_stopped_in_time_and_the_next_text_renders(name: str) -> None:
    liquid_child.render("{% assign a = 1 %}warm", {})
    begun = time.monotonic()
    with pytest.raises(BadTemplate):
        liquid_child.render(BOMBS[name], {})
    assert time.monotonic() - begun < FAR_TOO_LONG_SECONDS
    assert liquid_child.render("{% assign a = 'b' %}{{ a }}", {}) == "b"


def test_text_that_ended_a_child_is_refused_at_once_for_a_while() -> None:
    with pytest.raises(BadTemplate, match="too much time or memory"):
        liquid_child.render(BOMBS["range"], {})
    with pytest.raises(BadTemplate, match="a moment ago"):
        liquid_child.render(BOMBS["range"], {})
    assert liquid_child._CHILD._process is None, "it was tried again"


def test_child_renders_as_this_process_does_and_is_kept() -> None:
    source = "{% for tag in contact.tags %}{{ tag | upcase }}\n{% endfor %}{{ contact.name }}"
    values = {"contact": {"tags": ["a", "ß<b>"], "name": "Zoë"}}
    assert not liquid.is_cheap(source)
    for html in (False, True):
        assert liquid_child.render(source, values, html=html) == liquid.render(source, values, html=html)
    process = liquid_child._CHILD._process
    liquid_child.render(source, values)
    assert liquid_child._CHILD._process is process


def test_child_that_was_killed_is_started_again() -> None:
    source = "{% assign a = 'b' %}{{ a }}"
    liquid_child.render(source, {})
    process = liquid_child._CHILD._process
    assert process is not None
    os.kill(process.pid, 9)
    process.wait()
    assert liquid_child.render(source, {}) == "b"


def test_child_knows_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    liquid_child.render("{% assign a = 1 %}", {})
    process = liquid_child._CHILD._process
    assert process is not None
    with open(f"/proc/{process.pid}/environ") as environment:
        assert "canary" not in environment.read()


def test_broken_text_says_what_is_wrong() -> None:
    with pytest.raises(BadTemplate, match="divided_by"):
        liquid_child.render("{% assign a = 0 %}{{ 1 | divided_by: a }}", {})


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{{ (1..1000000000) | join }}", "1000 numbers"),
        ("{% if x %}{% for i in (1..2000) %}{% endfor %}{% endif %}", "1000 numbers"),
        ("{% for i in (1..contact.company_size) %}{% endfor %}", "from number to number"),
        ("x" * 50_001, "50000 characters"),
        ("{{ contact.first_name", "}}"),
        ("{% include 'x' %}{% nope %}", "nope"),
        ("{{ contact.name | nope }}", "nope"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_text_that_could_not_be_rendered_is_refused_on_save(source: str, says: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        liquid.check(source)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("source", "cheap"),
    [
        ("Hello {{ contact.first_name | default: 'there' }}", True),
        ("{% if contact.company %}for {{ contact.company | truncate: 20 }}{% else %}!{% endif %}", True),
        ("{% for x in contact.tags %}{{ x }}{% endfor %}", False),
        ("{{ contact.first_name | replace: '', contact.company }}", False),
        ("{% assign x = 'a' %}", False),
        ("{{ (1..5) | first }}", False),
    ],
)
def test_only_what_cannot_grow_is_cheap(source: str, cheap: bool) -> None:
    assert liquid.is_cheap(source) is cheap


def test_output_is_half_a_megabyte_at_most() -> None:
    with pytest.raises(BadTemplate):
        liquid.render("{{ a }}{{ a }}", {"a": "ä" * 130_000})
