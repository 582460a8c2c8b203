"""Links between views of one thing, as the tabs component shows them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tab:
    """One link; `count` stands beside its name."""

    label: str
    href: str
    current: bool = False
    count: int | None = None
