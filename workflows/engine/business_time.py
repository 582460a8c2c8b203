"""Working time: which days and hours count."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class BadDays(ValueError):
    """Not days of the week as people write them here."""


def parse_days(written: object) -> frozenset[int]:
    """Days of the week, Monday 0: `mon-fri`, `sat`, or a list of them. Raises `BadDays`.

    >>> sorted(parse_days("mon-fri")), sorted(parse_days(["fri-mon", "wed"]))
    ([0, 1, 2, 3, 4], [0, 2, 4, 5, 6])
    """
    parts = written.split(",") if isinstance(written, str) else written
    if not isinstance(parts, list) or not parts:
        raise BadDays(f"{written!r} names no days; write mon-fri, or a list such as [mon, wed]")
    days: set[int] = set()
    for part in parts:
        first, dash, last = str(part).strip().lower().partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise BadDays(f"{part!r} is no day; the days are {', '.join(DAYS)}, and mon-fri is a span of them")
        begin, end = DAYS.index(first), DAYS.index(last if dash else first)
        days.update((begin + i) % 7 for i in range((end - begin) % 7 + 1))
    return frozenset(days)
