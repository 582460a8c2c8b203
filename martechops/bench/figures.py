"""Figures with their bars: what is printed, and what is written as JSON."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: a median with its spread, and the bar it is held against."""

    section: str
    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def verdict(self) -> str:
        """Against its bar; nothing for what is only told."""
        if self.at_least is not None:
            return "reached" if self.value >= self.at_least else "not reached"
        if self.at_most is not None:
            return "reached" if self.value <= self.at_most else "not reached"
        return ""

    @property
    def bar(self) -> str:
        if self.at_least is not None:
            return f"≥ {number(self.at_least)}"
        return f"≤ {number(self.at_most)}" if self.at_most is not None else ""


@dataclass(slots=True)
class Report:
    """Everything that was measured, and every count that was wrong."""

    say: Callable[[str], None]
    figures: list[Figure] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, section: str, name: str, values: Sequence[float], **terms: Any) -> float:
        """One figure from its rounds; returns the median."""
        value = statistics.median(values)
        figure = Figure(section, name, value, min(values), max(values), **terms)
        self.figures.append(figure)
        self.say("  " + row(figure).rstrip())
        return value

    def ratio(
        self, section: str, name: str, subject: Sequence[float], yardstick: Sequence[float], **terms: Any
    ) -> None:
        """Of rounds that were run in turn, pair by pair."""
        self.add(section, name, [one / other for one, other in zip(subject, yardstick, strict=True)], **terms)

    def check(self, what: str, *, found: int, expected: int) -> None:
        """A count; one that is wrong fails the bench."""
        if found != expected:
            self.wrong.append(f"{what}: {found}, not {expected}")
            self.say(f"  WRONG COUNT {self.wrong[-1]}")

    def document(self) -> dict[str, Any]:
        return {
            "figures": [asdict(one) | {"verdict": one.verdict} for one in self.figures],
            "wrong_counts": self.wrong,
        }


def table(figures: Sequence[Figure]) -> str:
    """As it is printed at the end."""
    lines, section = [], ""
    for figure in figures:
        if figure.section != section:
            section = figure.section
            lines.append(f"\n{section}")
        lines.append("  " + row(figure).rstrip())
    return "\n".join(lines)


def row(figure: Figure) -> str:
    spread = f"{number(figure.low)} – {number(figure.high)}" if figure.low != figure.high else ""
    value = f"{number(figure.value)} {figure.unit}".rstrip()
    return f"{figure.name:<62} {value:>14}  {spread:<20} {figure.bar:<9} {figure.verdict}"


def number(value: float) -> str:
    """
    >>> [number(value) for value in (12345.6, 123.4, 12.34, 0.1234, 0.01234)]
    ['12,346', '123', '12.3', '0.123', '0.0123']
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
