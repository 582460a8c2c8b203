"""What the editor sends, as an edit of the file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

from workflows.engine import edits
from workflows.engine.action_kinds import ACTIONS
from workflows.engine.edits import CannotEdit, Document, Edit
from workflows.engine.edits.merge import MISSING
from workflows.engine.spec import END, STAGES

from . import rules, step_form, workflow_form
from .condition_builder import CannotBeShown, Submitted
from .controls import Control, filled_in, put, value_at
from .rules import Fields

#: What a part that makes a step one of a kind holds while nothing is filled in.
_EMPTY: Mapping[str, Any] = {"wait": {}, "choose": [], "split": [], "approve": {}, "handoff": {}, "stop": ""}


@dataclass(frozen=True, slots=True)
class FillIn:
    """Every control of a step's form, or of the workflow's own, as it was sent; `do` names a button of it."""

    step: str | None
    data: Submitted
    fields: Fields
    do: str = ""

    def apply(self, document: Document) -> dict[str, Any]:
        try:
            return self._step_filled_in(document, self.step) if self.step else self._workflow_filled_in(document)
        except CannotBeShown:
            raise CannotEdit("This rule is larger than the builder takes.") from None

    def says(self, document: Document) -> str:
        """Names the fields that change."""
        after = self.apply(document)
        if self.step is None:
            return _changed_words(document, after, "Workflow")
        old = next((one for one in edits.steps_of(document) if one["key"] == self.step), {})
        key = _first(self.data, "key") or self.step
        new = next((one for one in edits.steps_of(after) if one["key"] in (key, self.step)), {})
        return _changed_words(old, new, edits.name_of(document, self.step))

    def _step_filled_in(self, document: Document, key: str) -> dict[str, Any]:
        step = next((one for one in edits.steps_of(document) if one["key"] == key), None)
        if step is None:
            raise CannotEdit(f"There is no step {key} any more.")
        kind = step_form.kind_of(step)
        controls = step_form.controls(step, map_only=bool(document.get("map_only")))
        new = self._filled_in(step, [control for control in controls if control.name != "key"])
        if step_form.kind_of(new) != kind:
            new = {**new, kind: _EMPTY[kind]}
        new = _with_known_arguments(step, new)
        new = _ways_changed(new, self.do)
        after = dict(document) if new == step else edits.ReplaceStep(new).apply(document)
        wanted = _first(self.data, "key")
        return edits.RenameStep(key, wanted).apply(after) if wanted and wanted != key else after

    def _workflow_filled_in(self, document: Document) -> dict[str, Any]:
        kind = _first(self.data, "trigger.kind")
        if self.data.getlist("trigger.kind") and kind != workflow_form.trigger_kind(document):
            document = {name: value for name, value in document.items() if name != "trigger"}
            if kind in workflow_form.TRIGGERS:
                document["trigger"] = {kind: ""}
            return dict(document)
        new: dict[str, Any] = self._filled_in(document, workflow_form.controls(document))
        if kind and workflow_form.trigger_kind(new) != kind:
            new["trigger"] = {**new.get("trigger", {}), kind: ""}
        return _list_changed(new, self.do)

    def _filled_in(self, document: Any, controls: Sequence[Control]) -> Any:
        """With what was sent for those controls that stood in the form."""
        shown = set(self.data.getlist("shown"))
        for control in controls:
            if control.name not in shown:
                continue
            if control.kind == "rule":
                document = rules.filled_in(control, document, self.data, self.fields)
            else:
                document = filled_in(control, document, self.data)
        return document


@dataclass(frozen=True, slots=True)
class Place:
    """A step put elsewhere on the map: another stage, another owner, behind another step."""

    step: str
    stage: str = ""
    owner: str = ""
    #: Key of the step that it stands behind; empty for the beginning, None to leave the order as it is.
    after: str | None = None

    def apply(self, document: Document) -> dict[str, Any]:
        made: list[Edit] = []
        if self.stage in STAGES:
            made.append(edits.SetField(self.step, ("stage",), self.stage))
        if self.owner:
            made.append(edits.SetField(self.step, ("owner",), self.owner))
        if self.after is not None:
            made.append(edits.MoveStep(self.step, self.after or None))
        return edits.Several(tuple(made)).apply(document)

    def says(self, document: Document) -> str:
        parts = [f"to {self.stage}" if self.stage else "", f"to {self.owner}" if self.owner else ""]
        if self.after is not None:
            parts.append(f"behind {edits.name_of(document, self.after)}" if self.after else "to the beginning")
        return f"{edits.name_of(document, self.step)} moved {', '.join(part for part in parts if part)}"


def edit_of(data: Submitted, document: Document, *, fields: Fields) -> Edit:
    """The edit that was sent. Raises `CannotEdit` for one that nobody knows."""
    make = _OPERATIONS.get(_first(data, "op"))
    if make is None:
        raise CannotEdit("This is nothing that can be done to a draft.")
    return make(data, document, fields)


def new_step(kind: str, document: Document, *, after: str | None) -> dict[str, Any]:
    """A step of a kind or with an action, that stands where the one before it does.

    >>> new_step("wait", {"steps": [{"key": "a", "stage": "engage", "owner": "ops"}]}, after="a")
    {'key': 'wait', 'name': 'Wait', 'wait': {'for': '1 day'}, 'stage': 'engage', 'owner': 'ops'}
    """
    steps = edits.steps_of(document)
    before = next((step for step in steps if step["key"] == after), {})
    name, part = _beginning(kind, document)
    step: dict[str, Any] = {"key": _free_key(name, steps), "name": name, **part}
    for field in ("stage", "owner"):
        if value := before.get(field) or (document.get("owner") if field == "owner" else "capture"):
            step[field] = value
    if document.get("map_only"):
        step["after"] = [after] if after else []
    return step


def _beginning(kind: str, document: Document) -> tuple[str, dict[str, Any]]:
    following = END
    parts: Mapping[str, tuple[str, dict[str, Any]]] = {
        "wait": ("Wait", {"wait": {"for": "1 day"}}),
        "choose": ("Choose a way", {"choose": [{"go": following}, {"else": following}]}),
        "split": ("Share out", {"split": [{"share": 50, "go": following}, {"share": 50, "go": following}]}),
        "approve": ("Ask for approval", {"approve": {"within": "2 business days"}}),
        "handoff": ("Hand over", {"handoff": {"within": "1 business day"}}),
        "stop": ("Stop", {"stop": ""}),
    }
    if kind in parts:
        return parts[kind]
    if kind in ACTIONS and not document.get("map_only"):
        return ACTIONS[kind].label, {"action": kind}
    return "New step", {}


def _free_key(name: str, steps: Sequence[Mapping[str, Any]]) -> str:
    taken = {step["key"] for step in steps} | {END}
    key = base = slugify(name) or "step"
    number = 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    return key


def _first(data: Submitted, name: str) -> str:
    return next(iter(data.getlist(name)), "").strip()


def _with_known_arguments(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Another action takes along what it knows of the arguments of the one before."""
    given, action = after.get("with"), ACTIONS.get(str(after.get("action")))
    if before.get("action") == after.get("action") or not isinstance(given, Mapping) or action is None:
        return dict(after)
    kept = {name: value for name, value in given.items() if name in action.arguments}
    return {name: kept if name == "with" else value for name, value in after.items() if name != "with" or kept}


def _ways_changed(step: dict[str, Any], do: str) -> dict[str, Any]:
    what, _, place = do.partition(":")
    name = next((name for name in ("choose", "split") if isinstance(step.get(name), list)), None)
    if name is None or not what.startswith("way-"):
        return step
    new: dict[str, Any] = {"go": END} if name == "choose" else {"share": 0, "go": END}
    ways = list(step[name])
    if what == "way-add":
        is_last = bool(ways) and isinstance(ways[-1], Mapping) and "else" in ways[-1]
        ways.insert(len(ways) - is_last, new)
        return {**step, name: ways}
    return {**step, name: _reordered(ways, what.removeprefix("way-"), place)}


#: What the buttons of a list are called → where the list stands, and a new item of it.
_LISTS: Mapping[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "criterion": (("success",), {"says": ""}),
    "ignored": (("lint", "ignore"), {"code": ""}),
}


def _list_changed(document: dict[str, Any], do: str) -> dict[str, Any]:
    """With an item more, less, or elsewhere in one of the workflow's own lists."""
    name, _, rest = do.partition("-")
    if name not in _LISTS:
        return document
    path, new = _LISTS[name]
    what, _, place = rest.partition(":")
    now = value_at(document, path)
    items = list(now) if isinstance(now, list) else []
    items = [*items, dict(new)] if what == "add" else _reordered(items, what, place)
    changed: dict[str, Any] = put(document, path, items or MISSING)
    return changed


def _reordered(items: list[Any], what: str, place: str) -> list[Any]:
    at = int(place) if place.isdecimal() and int(place) < len(items) else None
    if at is None:
        return items
    if what == "remove":
        return [*items[:at], *items[at + 1 :]]
    to = at - 1 if what == "up" else at + 1
    if what in ("up", "down") and 0 <= to < len(items):
        items[at], items[to] = items[to], items[at]
    return items


def _changed_words(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> str:
    changed = [field for field in dict.fromkeys([*old, *new]) if old.get(field, MISSING) != new.get(field, MISSING)]
    words = {"with": "arguments", "when": "rule", "choose": "ways", "split": "ways", "success": "criteria"}
    said = ", ".join(words.get(field, field.replace("_", " ")) for field in changed)
    return f"{name}: {said} changed" if said else f"{name}: nothing changed"


def _fill(data: Submitted, document: Document, fields: Fields) -> Edit:
    del document
    return FillIn(step=_first(data, "step") or None, data=data, fields=fields, do=_first(data, "do"))


def _add(data: Submitted, document: Document, fields: Fields) -> Edit:
    del fields
    after = _first(data, "after") or None
    return edits.AddStep(new_step(_first(data, "kind"), document, after=after), after=after)


def _remove(data: Submitted, document: Document, fields: Fields) -> Edit:
    del document, fields
    return edits.RemoveStep(_first(data, "step"))


def _move(data: Submitted, document: Document, fields: Fields) -> Edit:
    """One place earlier (`-1:key`) or later (`1:key`)."""
    del fields
    keys = [step["key"] for step in edits.steps_of(document)]
    by, _, key = _first(data, "move").partition(":")
    if key not in keys:
        raise CannotEdit(f"There is no step {key} any more.")
    at = keys.index(key) + (-2 if by == "-1" else 1)
    if not -1 <= at < len(keys):
        raise CannotEdit("It stands at the edge already.")
    return edits.MoveStep(key, keys[at] if at >= 0 else None)


def _place(data: Submitted, document: Document, fields: Fields) -> Edit:
    del document, fields
    after = _first(data, "after") if data.getlist("after") else None
    return Place(_first(data, "step"), stage=_first(data, "stage"), owner=_first(data, "owner"), after=after)


def _connect(data: Submitted, document: Document, fields: Fields) -> Edit:
    del document, fields
    return edits.Connect(_first(data, "start"), _first(data, "end"))


def _disconnect(data: Submitted, document: Document, fields: Fields) -> Edit:
    del document, fields
    return edits.Disconnect(_first(data, "start"), _first(data, "end"))


_OPERATIONS: Mapping[str, Callable[[Submitted, Document, Fields], Edit]] = {
    "fill": _fill,
    "add": _add,
    "remove": _remove,
    "move": _move,
    "place": _place,
    "connect": _connect,
    "disconnect": _disconnect,
}
