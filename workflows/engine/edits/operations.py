"""What can be done to a workflow file, one dataclass each: `apply` gives the document after it, `says` tells of it.

No operation leaves a way that leads to a step which is not there, or two steps of one key. What is merely not finished
(a step without an action, a way that leads back) is left to `parse`, which says so at the step.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from martechops.lib.frozen import dataclass
from workflows.engine.spec import END

from .merge import MISSING, is_keyed, merge

Document = Mapping[str, Any]
#: Parts of a step that may name under "else" where a run goes on that it cannot serve.
_WITH_A_WAY_OUT = ("approve", "handoff", "with")


class CannotEdit(Exception):
    """This cannot be done to this document; the message says why."""


class Edit(Protocol):
    """One change."""

    def apply(self, document: Document) -> dict[str, Any]:
        """The document after it; the one given stays as it is. Raises `CannotEdit`."""
        ...

    def says(self, document: Document) -> str:
        """What it does to that document, as a sentence."""
        ...


@dataclass(frozen=True, slots=True)
class SetField:
    """Give one field of a step, or of the workflow itself, another value; MISSING takes it out."""

    step: str | None
    path: tuple[str, ...]
    value: Any

    def apply(self, document: Document) -> dict[str, Any]:
        if self.step is None:
            return _put(document, self.path, self.value)
        if self.path == ("key",):
            return RenameStep(self.step, str(self.value)).apply(document)
        return _with_step(document, self.step, lambda step: _put(step, self.path, self.value))

    def says(self, document: Document) -> str:
        whose = f" of {name_of(document, self.step)}" if self.step else ""
        what = " ".join(part.replace("_", " ") for part in self.path)
        return f"{what.capitalize()}{whose} {'taken out' if self.value is MISSING else 'changed'}"


@dataclass(frozen=True, slots=True)
class ReplaceStep:
    """Give a step another content under the same key."""

    step: Mapping[str, Any]

    def apply(self, document: Document) -> dict[str, Any]:
        return _with_step(document, str(self.step["key"]), lambda _: dict(self.step))

    def says(self, document: Document) -> str:
        return f"{name_of(document, str(self.step['key']))} changed"


@dataclass(frozen=True, slots=True)
class AddStep:
    """Put a new step behind another; before all of them with None."""

    step: Mapping[str, Any]
    after: str | None = None

    def apply(self, document: Document) -> dict[str, Any]:
        steps, key = steps_of(document), str(self.step.get("key") or "")
        if not key:
            raise CannotEdit("A step needs a key.")
        if key == END or any(step["key"] == key for step in steps):
            raise CannotEdit(f"The key {key} is taken; choose another.")
        at = _place(steps, self.after) + 1 if self.after else 0
        return {**document, "steps": [*steps[:at], dict(self.step), *steps[at:]]}

    def says(self, document: Document) -> str:
        name = self.step.get("name") or self.step.get("key")
        return f"{name} added {'after ' + name_of(document, self.after) if self.after else 'as the first step'}"


@dataclass(frozen=True, slots=True)
class RemoveStep:
    """Take a step out; ways that led to it lead on to the step behind it."""

    key: str

    def apply(self, document: Document) -> dict[str, Any]:
        steps = steps_of(document)
        at = _place(steps, self.key)
        following = steps[at + 1]["key"] if at + 1 < len(steps) else END
        before = [str(key) for key in steps[at].get("after") or ()]
        rest = [_led_elsewhere(step, self.key, following, before) for step in (*steps[:at], *steps[at + 1 :])]
        return {**document, "steps": rest}

    def says(self, document: Document) -> str:
        return f"{name_of(document, self.key)} removed"


@dataclass(frozen=True, slots=True)
class MoveStep:
    """Put a step behind another, or before all of them with None."""

    key: str
    after: str | None

    def apply(self, document: Document) -> dict[str, Any]:
        steps = steps_of(document)
        moved = steps[_place(steps, self.key)]
        if self.after == self.key:
            return dict(document)
        rest = [step for step in steps if step is not moved]
        at = _place(rest, self.after) + 1 if self.after else 0
        return {**document, "steps": [*rest[:at], moved, *rest[at:]]}

    def says(self, document: Document) -> str:
        where = f"behind {name_of(document, self.after)}" if self.after else "to the beginning"
        return f"{name_of(document, self.key)} moved {where}"


@dataclass(frozen=True, slots=True)
class RenameStep:
    """Give a step another key; every way to it, and what counts as done by it, follows."""

    key: str
    to: str

    def apply(self, document: Document) -> dict[str, Any]:
        steps = steps_of(document)
        at = _place(steps, self.key)
        if self.to == self.key:
            return dict(document)
        if not self.to.strip() or self.to == END:
            raise CannotEdit("A step needs a key, and it is not the word end.")
        if any(step["key"] == self.to for step in steps):
            raise CannotEdit(f"The key {self.to} is taken; choose another.")
        renamed = [{**step, "key": self.to} if i == at else step for i, step in enumerate(steps)]
        led = [_led_elsewhere(step, self.key, self.to, [self.to]) for step in renamed]
        return _criteria_renamed({**document, "steps": led}, self.key, self.to)

    def says(self, document: Document) -> str:
        return f"{name_of(document, self.key)} is called {self.to} in files from now on"


@dataclass(frozen=True, slots=True)
class Connect:
    """Let one step lead to another.

    A branch gets one more way, a step of a map that is not run follows one more, and any other step gets the other one
    right behind itself.
    """

    start: str
    end: str

    def apply(self, document: Document) -> dict[str, Any]:
        steps = steps_of(document)
        start = steps[_place(steps, self.start)]
        if self.end != END:
            _place(steps, self.end)
        if self.start == self.end:
            raise CannotEdit("A step cannot lead to itself.")
        if "choose" in start or "split" in start:
            return _with_step(document, self.start, lambda step: _one_way_more(step, self.end))
        if self.end == END:
            raise CannotEdit("What comes last ends by itself; only a branch can leave early.")
        if document.get("map_only"):
            return _with_step(document, self.end, lambda step: _following(step, self.start))
        return MoveStep(self.end, self.start).apply(document)

    def says(self, document: Document) -> str:
        return f"{name_of(document, self.start)} leads to {name_of(document, self.end)}"


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Take a way between two steps out; the last way of a branch, for everyone else, stays."""

    start: str
    end: str

    def apply(self, document: Document) -> dict[str, Any]:
        steps = steps_of(document)
        start = steps[_place(steps, self.start)]
        if "choose" in start or "split" in start:
            return _with_step(document, self.start, lambda step: _one_way_less(step, self.end))
        end = steps[_place(steps, self.end)]
        if self.start not in (end.get("after") or ()):
            raise CannotEdit("One step follows the other because it stands behind it: move it instead.")
        without = [key for key in end["after"] if key != self.start]
        return _with_step(document, self.end, lambda step: {**step, "after": without})

    def says(self, document: Document) -> str:
        return f"{name_of(document, self.start)} no longer leads to {name_of(document, self.end)}"


@dataclass(frozen=True, slots=True)
class Several:
    """Changes that a person makes at once."""

    edits: tuple[Edit, ...]

    def apply(self, document: Document) -> dict[str, Any]:
        after = dict(document)
        for edit in self.edits:
            after = edit.apply(after)
        return after

    def says(self, document: Document) -> str:
        said = []
        for edit in self.edits:
            said.append(edit.says(document))
            document = edit.apply(document)
        return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Replace:
    """Say something else altogether."""

    document: Mapping[str, Any]
    reason: str = "Everything replaced"

    def apply(self, document: Document) -> dict[str, Any]:
        del document
        return dict(self.document)

    def says(self, document: Document) -> str:
        del document
        return self.reason


@dataclass(frozen=True, slots=True)
class Between:
    """Everything that differs between two documents, done to a third that may differ elsewhere."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]

    def apply(self, document: Document) -> dict[str, Any]:
        merged = merge(base=self.before, mine=self.after, theirs=document)
        if merged.clashes:
            raise CannotEdit("The same place was changed meanwhile.")
        return merged.document

    def says(self, document: Document) -> str:
        del document
        return "The same changes made"


def inverse(edit: Edit, document: Document) -> Edit:
    """What takes the edit of that document back, also from a document that was changed elsewhere since."""
    return Between(before=edit.apply(document), after=document)


def renamed_step(before: Document, after: Document) -> tuple[str, str] | None:
    """Old and new key, if all that differs between the orders of steps is what one of them is called.

    >>> renamed_step({"steps": [{"key": "a"}, {"key": "b"}]}, {"steps": [{"key": "a"}, {"key": "c"}]})
    ('b', 'c')
    """
    old, new = ([step["key"] for step in steps_of(side)] for side in (before, after))
    differing = [(one, other) for one, other in zip(old, new, strict=False) if one != other]
    if len(old) != len(new) or len(differing) != 1 or differing[0][0] in new or differing[0][1] in old:
        return None
    return differing[0]


def steps_of(document: Document) -> list[dict[str, Any]]:
    """The steps. Raises `CannotEdit` for a document whose steps cannot be told apart."""
    steps = document.get("steps") or []
    if not isinstance(steps, list) or not is_keyed(steps):
        raise CannotEdit("Some steps have no key of their own; give each one first, in the file.")
    return steps


def name_of(document: Document, key: str | None) -> str:
    """What people call a step."""
    if key == END or key is None:
        return "the end"
    steps = document.get("steps")
    found = next((s for s in steps if isinstance(s, Mapping) and s.get("key") == key), {}) if steps else {}
    return str(found.get("name") or key.replace("-", " ").capitalize())


def _place(steps: Sequence[Mapping[str, Any]], key: str | None) -> int:
    for at, step in enumerate(steps):
        if step["key"] == key:
            return at
    raise CannotEdit(f"There is no step {key} any more.")


def _with_step(
    document: Document, key: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> dict[str, Any]:
    steps = steps_of(document)
    at = _place(steps, key)
    return {**document, "steps": [*steps[:at], dict(change(steps[at])), *steps[at + 1 :]]}


def _put(document: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """With the value at the path; a mapping that becomes empty by taking one out goes with it."""
    name, *rest = path
    inside = document.get(name)
    if rest:
        value = _put(inside if isinstance(inside, Mapping) else {}, tuple(rest), value) or MISSING
    if value is MISSING:
        return {key: old for key, old in document.items() if key != name}
    return {**document, name: value}


def _led_elsewhere(step: Mapping[str, Any], old: str, new: str, followed: Iterable[str]) -> dict[str, Any]:
    """The step with every way to `old` leading to `new`, and following `followed` where it followed `old`."""
    led = dict(step)
    for name in ("choose", "split"):
        if isinstance(ways := step.get(name), list):
            led[name] = [_way_led(way, old, new) for way in ways]
    for name in _WITH_A_WAY_OUT:
        if isinstance(part := step.get(name), Mapping) and part.get("else") == old:
            led[name] = {**part, "else": new}
    if isinstance(step.get("after"), list) and old in step["after"]:
        at = step["after"].index(old)
        led["after"] = list(dict.fromkeys([*step["after"][:at], *followed, *step["after"][at + 1 :]]))
    return led


def _way_led(way: Any, old: str, new: str) -> Any:
    if not isinstance(way, Mapping):
        return way
    return {key: new if key in ("go", "else") and value == old else value for key, value in way.items()}


def _criteria_renamed(document: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    criteria = document.get("success")
    if not isinstance(criteria, list):
        return document
    return {**document, "success": [_criterion_renamed(criterion, old, new) for criterion in criteria]}


def _criterion_renamed(criterion: Any, old: str, new: str) -> Any:
    if not isinstance(criterion, Mapping):
        return criterion
    return {
        name: {**end, "step": new} if name in ("from", "to") and isinstance(end, Mapping) and end.get("step") == old
        else end
        for name, end in criterion.items()
    }  # fmt: skip


def _one_way_more(step: Mapping[str, Any], end: str) -> dict[str, Any]:
    if "split" in step:
        return {**step, "split": [*_listed(step["split"]), {"share": 0, "go": end}]}
    ways = _listed(step["choose"])
    last = ways[-1:] if ways and isinstance(ways[-1], Mapping) and "else" in ways[-1] else []
    return {**step, "choose": [*ways[: len(ways) - len(last)], {"go": end}, *last]}


def _one_way_less(step: Mapping[str, Any], end: str) -> dict[str, Any]:
    name = "split" if "split" in step else "choose"
    ways = _listed(step[name])
    at = next((i for i, way in enumerate(ways) if isinstance(way, Mapping) and way.get("go") == end), None)
    if at is None:
        raise CannotEdit("Everyone else has to go somewhere: say where instead.")
    return {**step, name: [*ways[:at], *ways[at + 1 :]]}


def _listed(ways: Any) -> list[Any]:
    return ways if isinstance(ways, list) else []


def _following(step: Mapping[str, Any], start: str) -> dict[str, Any]:
    return {**step, "after": list(dict.fromkeys([*(step.get("after") or ()), start]))}
