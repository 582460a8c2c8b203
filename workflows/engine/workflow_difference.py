"""What changed between two versions of a workflow: step by step, in words that people read.

>>> old = {"name": "A", "steps": [{"key": "mail", "name": "Mail", "owner": "ops"}, {"key": "wait"}]}
>>> new = {"name": "B", "steps": [{"key": "mail", "name": "Mail", "owner": "email"}, {"key": "call"}]}
>>> found = compare(old, new)
>>> found.whole, [(step.kind, step.name, step.says) for step in found.steps]
(('Name changed from A to B',), [('changed', 'Mail', ('Owner changed from ops to email',)), \
('added', 'Call', ()), ('removed', 'Wait', ())])
"""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any

from martechops.lib.frozen import dataclass

from .conditions import BadCondition, compile_condition, condition_words
from .difference import differences
from .edits import name_of
from .edits.merge import is_keyed

Document = Mapping[str, Any]
#: Keys of the file → what people call them.
_CALLED = {"with": "arguments", "when": "rule", "where": "condition", "for": "span", "go": "way"}


@dataclass(frozen=True, slots=True)
class StepChange:
    """What became of one step."""

    key: str
    name: str
    #: "added", "removed", "changed" or "moved".
    kind: str
    #: One sentence for each difference; none for a step that is new or gone.
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs; falsy if nothing does."""

    #: Of the workflow itself.
    whole: tuple[str, ...]
    #: In the order of the newer version, what is gone at the end.
    steps: tuple[StepChange, ...]

    def __bool__(self) -> bool:
        return bool(self.whole or self.steps)

    @property
    def sentences(self) -> list[str]:
        """All of it, a line each."""
        return [*self.whole, *(line for step in self.steps for line in _lines(step))]

    def of(self, key: str) -> StepChange | None:
        """What became of one step, if anything did."""
        return next((step for step in self.steps if step.key == key), None)


def compare(old: Document, new: Document) -> Difference:
    """From the older to the newer; steps without keys of their own are compared as a list."""
    before, after = _steps(old), _steps(new)
    if before is None or after is None:
        return Difference(whole=tuple(differences(_worded(old), _worded(new))), steps=())
    whole = differences(_worded(_without_steps(old)), _worded(_without_steps(new)))
    moved = _moved([key for key in before if key in after], [key for key in after if key in before])
    steps = [_step(key, before, after, moved, new) for key in after]
    gone = [StepChange(key, name_of(old, key), "removed") for key in before if key not in after]
    return Difference(whole=tuple(whole), steps=(*(step for step in steps if step), *gone))


def _step(
    key: str, before: Mapping[str, Any], after: Mapping[str, Any], moved: frozenset[str], new: Document
) -> StepChange | None:
    name = name_of(new, key)
    if key not in before:
        return StepChange(key, name, "added")
    says = tuple(differences(_worded(_named_ways(before[key], new)), _worded(_named_ways(after[key], new))))
    if says:
        return StepChange(key, name, "changed", (*says, "Stands elsewhere in the order") if key in moved else says)
    return StepChange(key, name, "moved", ("Stands elsewhere in the order",)) if key in moved else None


def _lines(step: StepChange) -> list[str]:
    if step.kind in ("added", "removed"):
        return [f"Step {step.name} {step.kind}"]
    return [f"Step {step.name}: {says[:1].lower()}{says[1:]}" for says in step.says]


def _steps(document: Document) -> dict[str, Any] | None:
    steps = document.get("steps") or []
    if not isinstance(steps, list) or not is_keyed(steps):
        return None
    return {step["key"]: step for step in steps}


def _without_steps(document: Document) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "steps"}


def _moved(old: list[str], new: list[str]) -> frozenset[str]:
    """As few steps as explain the other order: those outside the longest run that kept its order."""
    places = {key: at for at, key in enumerate(new)}
    best: list[list[str]] = []
    for key in old:
        longest = max((run for run in best if places[run[-1]] < places[key]), key=len, default=[])
        best.append([*longest, key])
    kept = max(best, key=len, default=[])
    return frozenset(old) - frozenset(kept)


def _named_ways(step: Any, document: Document) -> Any:
    """Ways as one sentence each, so that a changed one is said as such."""
    if not isinstance(step, Mapping):
        return step
    return {name: _ways(value, document) if name in ("choose", "split") else value for name, value in step.items()}


def _ways(ways: Any, document: Document) -> Any:
    if not isinstance(ways, list) or not all(isinstance(way, Mapping) for way in ways):
        return ways
    return {f"way {letter}": _way(way, document) for letter, way in zip(ascii_uppercase, ways, strict=False)}


def _way(way: Mapping[str, Any], document: Document) -> str:
    go = name_of(document, str(way.get("go") or way.get("else") or ""))
    if "share" in way:
        return f"{way['share']} of 100 go to {go}"
    return f"everyone else goes to {go}" if "else" in way else f"if {_rule(way.get('when'))}, to {go}"


def _worded(value: Any) -> Any:
    """With rules as sentences and keys as people call them."""
    if isinstance(value, Mapping):
        return {
            _CALLED.get(name, name): _rule(inside) if name in ("when", "where") else _worded(inside)
            for name, inside in value.items()
        }
    return [_worded(one) for one in value] if isinstance(value, list) else value


def _rule(rule: Any) -> Any:
    if not isinstance(rule, Mapping):
        return rule
    try:
        compile_condition(rule)
    except BadCondition:
        return str(rule)
    return condition_words(rule)
