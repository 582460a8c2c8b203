"""Metrics that are made of others: whether these are there, and lead nowhere back."""

from collections.abc import Mapping
from typing import Any

from workflows.engine.metrics import BadMetric, named_by, read
from workflows.models import Metric


def astray(key: str, type: str, formula: Any) -> list[str]:
    """What is wrong with the metrics that a readable formula names; nothing for one that cannot be read."""
    try:
        named = list(named_by(read(type, formula)))
    except BadMetric:
        return []
    known = {row.key: (row.type, row.formula) for row in Metric.objects.all()} | {key: (type, formula)}
    problems = [f"{place}: there is no metric {name}" for place, name in named if name not in known]
    problems += [
        f"{place}: {name} is made of {key} itself"
        for place, name in named
        if name in known and _leads_to(name, key, known)
    ]
    return problems


def _leads_to(start: str, key: str, known: Mapping[str, tuple[str, Any]]) -> bool:
    open_ends, seen = [start], set()
    while open_ends:
        one = open_ends.pop()
        if one == key:
            return True
        if one in seen or one not in known:
            continue
        seen.add(one)
        try:
            open_ends += [name for _, name in named_by(read(*known[one]))]
        except BadMetric:
            continue
    return False
