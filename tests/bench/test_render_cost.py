"""What it costs to render a message. Run by name: `pytest tests/bench -m bench -s`."""

import statistics
import time

import pytest

from martechops.lib import liquid, liquid_child

VALUES = {"contact": {"first_name": "Lea", "company": "Brightwater", "tags": ["a", "b", "c"], "score": 40}}
CHEAP = "Hello {{ contact.first_name }}, {% if contact.company %}for {{ contact.company }}{% endif %}." * 5
LOOP = CHEAP + "{% for tag in contact.tags %}{{ tag }}{% endfor %}"
ROUNDS = 2_000


def _us(source: str, render: object) -> float:
    spent = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        render(source, VALUES)  # type: ignore[operator]
        spent.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(spent)


@pytest.mark.bench
def test_render_costs_little_more_in_a_child() -> None:
    cheap = _us(CHEAP, liquid_child.render)
    here, there = _us(LOOP, liquid.render), _us(LOOP, liquid_child.render)
    print(f"\nrender: {cheap:.0f} µs cheap, {here:.0f} µs with a loop here, {there:.0f} µs in the child")
    assert there < 2_000
