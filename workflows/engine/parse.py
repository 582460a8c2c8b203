"""From a workflow file (DESIGN section 5), as data, to a `Spec`; everything that is wrong is said at once."""

from collections.abc import Callable, Mapping
from typing import Any

from .conditions import BadCondition, Condition, compile_condition
from .durations import BadDuration, Duration
from .durations import parse as parse_duration
from .spec import (
    ACTIONS,
    END,
    RISKS,
    STAGES,
    TYPES,
    Again,
    Branch,
    Criterion,
    Entry,
    Guards,
    Limit,
    Spec,
    Step,
    Trigger,
    Wait,
)

_WORKFLOW = {
    "kind",
    "key",
    "name",
    "type",
    "owner",
    "subject",
    "success",
    "trigger",
    "entry",
    "steps",
    "map_only",
    "target",
}
#: What every kind of step may say about itself.
_STEP = {"key", "name", "stage", "trigger", "system", "owner", "output", "risk", "expected", "after"}
_KINDS = {
    "act": {"action", "with", "when", "guards"},
    "wait": {"wait"},
    "choose": {"choose"},
    "stop": {"stop", "when"},
}


class BadSpec(Exception):
    """The file cannot be used; `problems` lists every place (`steps[2].guards.limit`) with what is wrong there."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {says}" for path, says in problems))


class _Reader:
    """Reads values out of a document and gathers what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []
        #: A map of how things are may name any action, done by any means.
        self.map_only = False

    def wrong(self, path: str, says: str) -> None:
        self.problems.append((path, says))

    def keys(self, document: Mapping[str, Any], known: set[str], path: str) -> None:
        for key in document:
            if key not in known:
                self.wrong(_join(path, key), f"unknown key; known here are {', '.join(sorted(known))}")

    def mapping(self, document: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
        value = document.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.wrong(_join(path, key), "must be a mapping of names to values")
        return {}

    def items(self, document: Mapping[str, Any], key: str, path: str) -> list[Any]:
        value = document.get(key, [])
        if isinstance(value, list):
            return value
        self.wrong(_join(path, key), "must be a list")
        return []

    def text(self, document: Mapping[str, Any], key: str, path: str, *, needed: bool = False) -> str:
        value = document.get(key)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.wrong(_join(path, key), "is missing" if value is None else "must be text")
            return ""
        return value

    def one_of(self, document: Mapping[str, Any], key: str, path: str, known: tuple[str, ...]) -> str | None:
        value = document.get(key)
        if value is not None and value not in known:
            self.wrong(_join(path, key), f"must be one of {', '.join(known)}; it is {value}")
            return None
        return value

    def yes_no(self, document: Mapping[str, Any], key: str, path: str) -> bool:
        value = document.get(key, False)
        if not isinstance(value, bool):
            self.wrong(_join(path, key), "must be true or false")
            return False
        return value

    def count(self, document: Mapping[str, Any], key: str, path: str) -> int | None:
        value = document.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            self.wrong(_join(path, key), "must be a whole number from 1")
            return None
        return value

    def duration(self, document: Mapping[str, Any], key: str, path: str) -> Duration | None:
        value = document.get(key)
        if value is None:
            return None
        try:
            return parse_duration(value)
        except BadDuration as error:
            self.wrong(_join(path, key), str(error))
            return None

    def condition(self, document: Mapping[str, Any], key: str, path: str) -> Condition | None:
        if key not in document:
            return None
        try:
            return compile_condition(document[key])
        except BadCondition as error:
            for place, says in error.problems:
                self.wrong(_join(path, key) + (f".{place}" if place else ""), says)
            return None


def parse(document: Mapping[str, Any]) -> Spec:
    """Raises `BadSpec` with every problem at once."""
    read = _Reader()
    read.keys(document, _WORKFLOW, "")
    map_only = read.map_only = read.yes_no(document, "map_only", "")
    spec = Spec(
        key=read.text(document, "key", "", needed=True),
        name=read.text(document, "name", "", needed=True),
        type=read.one_of(document, "type", "", TYPES) or "",
        owner=read.text(document, "owner", "", needed=True),
        trigger=_trigger(read, document, needed=not map_only),
        entry=_entry(read, document),
        steps=tuple(_step(read, step, f"steps[{i}]") for i, step in enumerate(read.items(document, "steps", ""))),
        success=tuple(_criterion(read, c, f"success[{i}]") for i, c in enumerate(read.items(document, "success", ""))),
        map_only=map_only,
        target=read.text(document, "target", "") or None,
    )
    _check_order(read, spec)
    if read.problems:
        raise BadSpec(read.problems)
    return spec


def _trigger(read: _Reader, document: Mapping[str, Any], *, needed: bool) -> Trigger | None:
    if "trigger" not in document:
        if needed:
            read.wrong("trigger", "is missing: say which event begins a run")
        return None
    trigger = read.mapping(document, "trigger", "")
    read.keys(trigger, {"event", "where"}, "trigger")
    events = trigger.get("event")
    if not isinstance(events, list):
        events = [read.text(trigger, "event", "trigger", needed=True)]
    elif not events or not all(isinstance(event, str) and event for event in events):
        read.wrong("trigger.event", "must be the name of an event, or a list of names")
    return Trigger(events=tuple(map(str, events)), where=read.condition(trigger, "where", "trigger"))


def _entry(read: _Reader, document: Mapping[str, Any]) -> Entry:
    entry = read.mapping(document, "entry", "")
    read.keys(entry, {"key", "when", "again"}, "entry")
    if entry.get("key", ["contact"]) != ["contact"]:
        read.wrong("entry.key", "must be [contact]: a run is entered per contact")
    return Entry(when=read.condition(entry, "when", "entry"), again=_again(read, entry))


def _again(read: _Reader, entry: Mapping[str, Any]) -> Again | None:
    if "again" not in entry:
        return None
    again = read.mapping(entry, "again", "entry")
    read.keys(again, {"after", "at_most", "overlapping"}, "entry.again")
    return Again(
        after=read.duration(again, "after", "entry.again"),
        at_most=read.count(again, "at_most", "entry.again"),
        overlapping=read.yes_no(again, "overlapping", "entry.again"),
    )


def _criterion(read: _Reader, document: Any, path: str) -> Criterion:
    if not isinstance(document, Mapping):
        read.wrong(path, "must say what done means: {says: …}")
        return Criterion(says="")
    measure = {key: value for key, value in document.items() if key != "says"}
    return Criterion(says=read.text(document, "says", path, needed=True), measure=measure)


def _step(read: _Reader, document: Any, path: str) -> Step:
    if not isinstance(document, Mapping):
        read.wrong(path, "must be a step: {key: …, action: …}")
        return Step(key="", name="", kind="stop")
    key = read.text(document, "key", path, needed=True)
    name = read.text(document, "name", path) or key.replace("-", " ").capitalize()
    kind = next((kind for kind in ("wait", "choose", "stop") if kind in document), "act")
    read.keys(document, _STEP | _KINDS[kind], path)
    return _MAKERS[kind](read, document, path, key, name)


def _act(read: _Reader, document: Mapping[str, Any], path: str, key: str, name: str) -> Step:
    action = read.text(document, "action", path)
    arguments = read.mapping(document, "with", path)
    if action and not read.map_only:
        _check_arguments(read, action, arguments, path)
    return Step(
        key=key,
        name=name,
        kind="act",
        when=read.condition(document, "when", path),
        action=action or None,
        arguments=arguments,
        guards=_guards(read, document, path),
        **_fields(read, document, path),
    )


def _fields(read: _Reader, document: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {
        "stage": read.one_of(document, "stage", path, STAGES),
        "trigger": read.text(document, "trigger", path),
        "system": read.text(document, "system", path) or None,
        "owner": read.text(document, "owner", path),
        "output": read.text(document, "output", path),
        "risk": read.one_of(document, "risk", path, RISKS),
        "expected": read.duration(document, "expected", path),
        "after": tuple(str(key) for key in read.items(document, "after", path)) if "after" in document else None,
    }


def _check_arguments(read: _Reader, action: str, arguments: Mapping[str, Any], path: str) -> None:
    row = ACTIONS.get(action)
    if row is None:
        read.wrong(f"{path}.action", f"{action} is not offered; there are {', '.join(ACTIONS)}")
        return
    read.keys(arguments, set(row.arguments), f"{path}.with")
    for name, needed in row.arguments.items():
        if needed and arguments.get(name) in (None, ""):
            read.wrong(f"{path}.with.{name}", f"is missing: {action} needs it")
    if "due" in arguments:
        read.duration(arguments, "due", f"{path}.with")


def _guards(read: _Reader, document: Mapping[str, Any], path: str) -> Guards:
    guards = read.mapping(document, "guards", path)
    here = f"{path}.guards"
    read.keys(guards, {"require", "consent", "once_per", "limit"}, here)
    return Guards(
        require=tuple(str(item) for item in read.items(guards, "require", here)),
        consent=read.text(guards, "consent", here) or None,
        once_per=read.one_of(guards, "once_per", here, ("contact",)),
        limit=_limit(read, guards, here),
    )


def _limit(read: _Reader, guards: Mapping[str, Any], path: str) -> Limit | None:
    if "limit" not in guards:
        return None
    limit = read.mapping(guards, "limit", path)
    here = f"{path}.limit"
    read.keys(limit, {"at_most", "per"}, here)
    at_most, per = read.count(limit, "at_most", here), read.duration(limit, "per", here)
    if at_most is None or per is None:
        read.wrong(here, "takes both: {at_most: 2, per: 7 days}")
        return None
    if per.business:
        read.wrong(f"{here}.per", "must be a span by the clock, not business days")
    return Limit(at_most=at_most, per=per)


def _wait(read: _Reader, document: Mapping[str, Any], path: str, key: str, name: str) -> Step:
    wait = read.mapping(document, "wait", path)
    here = f"{path}.wait"
    read.keys(wait, {"for", "until"}, here)
    span = read.duration(wait, "for", here)
    if span is None and "for" not in wait:
        read.wrong(f"{here}.for", "is missing: a wait needs an end, even when it waits for an event")
    until = read.mapping(wait, "until", here)
    read.keys(until, {"event"}, f"{here}.until")
    event = read.text(until, "event", f"{here}.until") or None
    shown = Wait(span=span, event=event) if span else None
    return Step(key=key, name=name, kind="wait", wait=shown, **_fields(read, document, path))


def _choose(read: _Reader, document: Mapping[str, Any], path: str, key: str, name: str) -> Step:
    branches = []
    for i, branch in enumerate(read.items(document, "choose", path)):
        here = f"{path}.choose[{i}]"
        if not isinstance(branch, Mapping) or not ({"when", "go"} == set(branch) or {"else"} == set(branch)):
            read.wrong(here, "must be {when: …, go: step} or {else: step}")
        elif "else" in branch:
            branches.append(Branch(go=read.text(branch, "else", here, needed=True)))
        else:
            go, when = read.text(branch, "go", here, needed=True), read.condition(branch, "when", here)
            branches.append(Branch(go=go, when=when))
    if not branches or any(branch.when is None for branch in branches[:-1]) or branches[-1].when is not None:
        read.wrong(f"{path}.choose", "must end with {else: …}, and only there")
    return Step(key=key, name=name, kind="choose", branches=tuple(branches), **_fields(read, document, path))


def _stop(read: _Reader, document: Mapping[str, Any], path: str, key: str, name: str) -> Step:
    return Step(
        key=key,
        name=name,
        kind="stop",
        when=read.condition(document, "when", path),
        reason=read.text(document, "stop", path, needed=True),
        **_fields(read, document, path),
    )


_MAKERS: dict[str, Callable[[_Reader, Mapping[str, Any], str, str, str], Step]] = {
    "act": _act,
    "wait": _wait,
    "choose": _choose,
    "stop": _stop,
}


def _check_order(read: _Reader, spec: Spec) -> None:
    """Keys are unique, ways lead onwards to steps that exist, and a step that runs does something."""
    if not spec.steps:
        read.wrong("steps", "must hold at least one step")
    places: dict[str, int] = {}
    for i, step in enumerate(spec.steps):
        if step.key in places:
            read.wrong(f"steps[{i}].key", f"{step.key} is taken by steps[{places[step.key]}]")
        places.setdefault(step.key, i)
    for i, step in enumerate(spec.steps):
        for j, branch in enumerate(step.branches):
            if branch.go != END and places.get(branch.go, -1) <= i:
                says = f"{branch.go} is no later step: a way leads onwards, to a step's key or to {END}"
                read.wrong(f"steps[{i}].choose[{j}]", says)
        for key in step.after or ():
            if key not in places:
                read.wrong(f"steps[{i}].after", f"{key} is no step")
        if spec.map_only or step.kind != "act":
            continue
        if step.action is None:
            read.wrong(f"steps[{i}].action", "is missing: say what the step does, or mark the workflow map_only")
        elif step.action in ACTIONS and ACTIONS[step.action].outbound and step.system is None:
            read.wrong(f"steps[{i}].system", f"is missing: {step.action} reaches a system")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
