"""Steps of a file, a function for each kind."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from ..action_kinds import ACTIONS, RISKS, Argument
from ..durations import Duration
from ..spec import MARKS, STAGES, Approve, Branch, Handoff, Share, Step, Wait
from .guarding import read_guards
from .reader import Document, Reader, join

#: What every kind of step may say about itself.
_STEP = {
    "key",
    "name",
    "stage",
    "trigger",
    "system",
    "owner",
    "output",
    "risk",
    "expected",
    "serves",
    "marks",
    "note",
    "after",
}
#: What makes a step one of a kind; any other is one that acts.
_KINDS: dict[str, set[str]] = {
    "wait": {"wait"},
    "choose": {"choose"},
    "split": {"split"},
    "approve": {"approve"},
    "handoff": {"handoff"},
    "stop": {"stop", "when"},
    "act": {"action", "with", "when", "guards"},
}


class Fields(TypedDict):
    """What every kind of step says about itself."""

    key: str
    name: str
    stage: str | None
    trigger: str
    system: str | None
    owner: str
    output: str
    risk: str | None
    expected: Duration | None
    serves: tuple[str, ...]
    marks: tuple[str, ...]
    note: str
    after: tuple[str, ...] | None


def read_step(read: Reader, document: Any, path: str) -> Step:
    """One step, as far as it can be read."""
    if not isinstance(document, Mapping):
        read.wrong(path, "must be a step: {key: …, action: …}")
        return Step(key="", name="", kind="stop")
    kind = next((kind for kind in _KINDS if kind in document), "act")
    read.keys(document, _STEP | _KINDS[kind], path)
    return _MAKERS[kind](read, document, path, _fields(read, document, path))


def _fields(read: Reader, document: Document, path: str) -> Fields:
    key = read.text(document, "key", path, needed=True)
    return {
        "key": key,
        "name": read.text(document, "name", path) or key.replace("-", " ").capitalize(),
        "stage": read.one_of(document, "stage", path, STAGES),
        "trigger": read.text(document, "trigger", path),
        "system": read.text(document, "system", path) or None,
        "owner": read.text(document, "owner", path),
        "output": read.text(document, "output", path),
        "risk": read.one_of(document, "risk", path, RISKS),
        "expected": read.duration(document, "expected", path),
        "serves": read.texts(document, "serves", path),
        "marks": read.texts(document, "marks", path, known=MARKS),
        "note": read.text(document, "note", path),
        "after": read.texts(document, "after", path) if "after" in document else None,
    }


def _act(read: Reader, document: Document, path: str, fields: Fields) -> Step:
    action = read.text(document, "action", path)
    arguments = read.mapping(document, "with", path)
    if action and not read.map_only:
        _check_arguments(read, action, arguments, path)
    return Step(
        kind="act",
        when=read.condition(document, "when", path),
        action=action or None,
        arguments=arguments,
        guards=read_guards(read, document, path),
        **fields,
    )


def _check_arguments(read: Reader, action: str, arguments: Document, path: str) -> None:
    row = ACTIONS.get(action)
    if row is None:
        read.wrong(f"{path}.action", f"{action} is not offered; there are {', '.join(ACTIONS)}")
        return
    read.keys(arguments, set(row.arguments), f"{path}.with")
    for name, argument in row.arguments.items():
        value = arguments.get(name)
        if value in (None, "") or value == []:
            if argument.needed:
                read.wrong(f"{path}.with.{name}", f"is missing: {action} needs it")
        else:
            _TAKES[argument.takes](read, arguments, name, argument, f"{path}.with")
    if action == "assign_owner" and arguments.get("by") in _FROM_A_LIST and not _place_of(arguments):
        read.wrong(f"{path}.with.queue", f"is missing: say whose turn it is by {arguments['by']}")


_FROM_A_LIST = ("territory", "round_robin", "capacity")


def _place_of(arguments: Document) -> Any:
    return arguments.get("queue") or arguments.get("table")


def _is_text(read: Reader, arguments: Document, name: str, _row: Argument, path: str) -> None:
    read.text(arguments, name, path)


def _is_single(read: Reader, arguments: Document, name: str, _row: Argument, path: str) -> None:
    if isinstance(arguments[name], Mapping | list):
        read.wrong(join(path, name), "must be one value")


def _is_number(read: Reader, arguments: Document, name: str, _row: Argument, path: str) -> None:
    value = arguments[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and "." in value):
        read.wrong(join(path, name), "must be a number, or the path of one, such as event.properties.value")


def _is_yes_no(read: Reader, arguments: Document, name: str, _row: Argument, path: str) -> None:
    read.yes_no(arguments, name, path)


def _is_span(read: Reader, arguments: Document, name: str, _row: Argument, path: str) -> None:
    read.duration(arguments, name, path)


def _is_texts(read: Reader, arguments: Document, name: str, _row: Argument, path: str) -> None:
    read.texts(arguments, name, path)


def _is_fields(read: Reader, arguments: Document, name: str, _row: Argument, path: str) -> None:
    read.mapping(arguments, name, path)


def _is_choice(read: Reader, arguments: Document, name: str, row: Argument, path: str) -> None:
    read.one_of(arguments, name, path, row.choices)


_TAKES: dict[str, Callable[[Reader, Document, str, Argument, str], None]] = {
    "text": _is_text,
    "liquid": _is_text,
    "way": _is_text,
    "value": _is_single,
    "number": _is_number,
    "yes_no": _is_yes_no,
    "span": _is_span,
    "texts": _is_texts,
    "fields": _is_fields,
    "choice": _is_choice,
}


def _wait(read: Reader, document: Document, path: str, fields: Fields) -> Step:
    wait = read.mapping(document, "wait", path)
    here = f"{path}.wait"
    read.keys(wait, {"for", "until"}, here)
    span = read.duration(wait, "for", here)
    until = read.mapping(wait, "until", here)
    if "date" in until:
        return Step(kind="wait", wait=_until_date(read, until, f"{here}.until", span), **fields)
    if span is None and "for" not in wait:
        read.wrong(f"{here}.for", "is missing: a wait needs an end, even when it waits for an event")
    read.keys(until, {"event", "where"}, f"{here}.until")
    event = read.text(until, "event", f"{here}.until", needed=bool(until)) or None
    where = read.condition(until, "where", f"{here}.until")
    return Step(kind="wait", wait=Wait(span=span, event=event, where=where) if span else None, **fields)


def _until_date(read: Reader, until: Document, path: str, span: Duration | None) -> Wait | None:
    read.keys(until, {"date", "before", "after"}, path)
    date = read.text(until, "date", path, needed=True)
    before, after = read.duration(until, "before", path), read.duration(until, "after", path)
    if before and after:
        read.wrong(f"{path}.after", "cannot stand beside before: it is one or the other")
    if date and "." not in date:
        read.wrong(f"{path}.date", f"{date} is no path such as contact.trial_ends_on")
    return Wait(span=span, date=date, shift=before or after, before=before is not None) if date else None


def _choose(read: Reader, document: Document, path: str, fields: Fields) -> Step:
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
    return Step(kind="choose", branches=tuple(branches), **fields)


def _split(read: Reader, document: Document, path: str, fields: Fields) -> Step:
    shares = []
    for i, share in enumerate(read.items(document, "split", path)):
        here = f"{path}.split[{i}]"
        if not isinstance(share, Mapping) or set(share) != {"share", "go"}:
            read.wrong(here, "must be {share: 50, go: step}")
            continue
        percent, go = read.count(share, "share", here, most=100), read.text(share, "go", here, needed=True)
        shares.append(Share(percent=percent or 0, go=go))
    total = sum(share.percent for share in shares)
    if total != 100:
        read.wrong(f"{path}.split", f"must share out 100; it shares out {total}")
    return Step(kind="split", shares=tuple(shares), **fields)


def _approve(read: Reader, document: Document, path: str, fields: Fields) -> Step:
    said = read.mapping(document, "approve", path)
    here = f"{path}.approve"
    read.keys(said, {"team", "within", "else", "says"}, here)
    approve = Approve(
        team=read.text(said, "team", here, needed=True),
        within=read.duration(said, "within", here),
        otherwise=read.text(said, "else", here) or None,
        question=read.text(said, "says", here),
    )
    return Step(kind="approve", approve=approve, **fields)


def _handoff(read: Reader, document: Document, path: str, fields: Fields) -> Step:
    said = read.mapping(document, "handoff", path)
    here = f"{path}.handoff"
    read.keys(said, {"to", "payload", "within", "accept", "else"}, here)
    accept = read.yes_no(said, "accept", here)
    handoff = Handoff(
        to=read.text(said, "to", here, needed=True),
        payload=read.texts(said, "payload", here),
        within=read.duration(said, "within", here),
        accept=accept,
        otherwise=read.text(said, "else", here) or None,
    )
    if handoff.otherwise and not accept:
        read.wrong(f"{here}.else", "needs accept: true: without it nobody waits for an answer")
    return Step(kind="handoff", handoff=handoff, **fields)


def _stop(read: Reader, document: Document, path: str, fields: Fields) -> Step:
    when, reason = read.condition(document, "when", path), read.text(document, "stop", path, needed=True)
    return Step(kind="stop", when=when, reason=reason, **fields)


_MAKERS: dict[str, Callable[[Reader, Document, str, Fields], Step]] = {
    "act": _act,
    "wait": _wait,
    "choose": _choose,
    "split": _split,
    "approve": _approve,
    "handoff": _handoff,
    "stop": _stop,
}
