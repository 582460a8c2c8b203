"""Plans of metrics that a hostile or careless hand defined: bounded, and equal to what the database would compute."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from reporting import compile
from reporting.metrics import BadQuestion, Period, Question, make
from workflows.engine.metrics import BadMetric, Definition, read

WEEK = Period(date(2026, 11, 2), date(2026, 11, 9))
LEADS: dict[str, Any] = {"measure": "leads"}


def derived(expression: str, **parts: Any) -> Definition:
    return read("derived", {"expression": expression, "metrics": parts})


def asked(key: str, catalog: Mapping[str, Definition]) -> Question:
    assert key in catalog
    return Question(key, WEEK)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (read("simple", LEADS), 0.0),
        (read("simple", {"measure": "routing_median"}), None),
        (read("ratio", {"numerator": LEADS, "denominator": LEADS}), None),
        (derived("a + b", a=LEADS, b={"measure": "conversions"}), 0.0),
        (derived("10 - a * 2", a=LEADS), 10.0),
        (derived("a / b", a=LEADS, b=LEADS), None),
        (derived("-a + 1 / 4", a=LEADS), 0.25),
        (derived("a + b", a=LEADS, b={"measure": "approval_median"}), None),
        (derived("a" + " + 1000000000" + " * 1000000000" * 19, a=LEADS), 1e180),
        (read("cumulative", {"of": LEADS}), 0.0),
    ],
)
def test_where_nothing_happened_arithmetic_is_that_of_zeros(definition: Definition, expected: float | None) -> None:
    found = make(Question("m", WEEK), {"m": definition}).of_nothing
    assert found == (expected if expected is None else pytest.approx(expected))


def test_what_grows_past_all_numbers_is_none() -> None:
    most = "a + 999999999" + " * 999999999" * 20
    catalog = {"one": derived(most, a=LEADS), "two": derived("a * a", a="one")}
    assert make(asked("two", catalog), catalog).of_nothing is None


def test_small_numbers_of_an_expression_are_not_rounded_away() -> None:
    catalog = {"m": derived("a * 0.0000001", a=LEADS)}
    text = compile.statement([make(asked("m", catalog), catalog)], zone="UTC").text
    assert "1e-07::float8" in text


def test_metrics_of_metrics_of_metrics_come_to_their_end() -> None:
    """Eight others in each of seven, one in another: two million counts, if nobody stopped it."""
    names = [f"n{number}" for number in range(8)]
    catalog: dict[str, Definition] = {"m0": read("simple", LEADS)}
    for depth in range(1, 8):
        catalog[f"m{depth}"] = derived(" + ".join(names), **dict.fromkeys(names, f"m{depth - 1}"))
    assert len(make(asked("m2", catalog), catalog).rests_on) == 3
    with pytest.raises(BadQuestion, match="m7 is put together of more than 64 counts"):
        make(asked("m7", catalog), catalog)


@pytest.mark.parametrize("expression", ["-" * 400 + "a", "a" + " + 1" * 200, "(" * 200 + "a" + ")" * 200])
def test_long_expression_is_refused_before_it_is_read(expression: str) -> None:
    with pytest.raises(BadMetric, match="300 characters at most"):
        derived(expression, a=LEADS)
