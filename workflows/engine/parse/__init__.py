"""From a workflow file (DESIGN section 5), as data, to a `Spec`; everything that is wrong is said at once.

`parse` is for what runs: it raises. `attempt` is for people who are editing: it returns what could be read beside
what is wrong, so that half a step can be shown with its problem at its place.
"""

from collections.abc import Mapping
from typing import Any

from martechops.lib.frozen import dataclass

from ..conditions import Segments
from ..spec import ACTIONS, END, PRIORITIES, SUBJECTS, TYPES, Spec, Step
from .beginnings import read_entry, read_limit, read_trigger
from .criteria import read_criteria
from .reader import Reader
from .stepping import read_step

_WORKFLOW = {
    "kind",
    "key",
    "name",
    "type",
    "owner",
    "subject",
    "description",
    "success",
    "trigger",
    "entry",
    "priority",
    "limits",
    "approvers",
    "steps",
    "map_only",
    "target",
    "lint",
}
#: What begins a run of one subject cannot begin one of another.
_SUBJECT_OF_TRIGGER = {"segment": "contact", "stage": "contact", "field": "contact", "content": "content"}


class BadSpec(Exception):
    """The file cannot be used; `problems` lists every place (`steps[2].guards.limit`) with what is wrong there."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {says}" for path, says in problems))


@dataclass(frozen=True, slots=True)
class Attempt:
    """What could be read of a file, and what is wrong with it."""

    spec: Spec
    #: (path, what is wrong there); none for a file that can be used.
    problems: tuple[tuple[str, str], ...]


def parse(document: Mapping[str, Any], *, segments: Segments | None = None) -> Spec:
    """Raises `BadSpec` with every problem at once.

    `segments`, what each asks for by its key, are needed by whoever will test the rules: see `compile_condition`.
    """
    found = attempt(document, segments=segments)
    if found.problems:
        raise BadSpec(list(found.problems))
    return found.spec


def attempt(document: object, *, segments: Segments | None = None) -> Attempt:
    """As much of a workflow as can be read, whatever was given. Never raises.

    >>> attempt({"key": "w", "steps": [{"key": "a", "wait": {"for": "soon"}}]}).spec.steps[0].kind
    'wait'
    """
    read = Reader(segments=segments)
    if not isinstance(document, Mapping):
        read.wrong("", "must be a workflow: {kind: workflow, key: …, steps: […]}")
        document = {}
    read.keys(document, _WORKFLOW, "")
    map_only = read.map_only = read.yes_no(document, "map_only", "")
    key = read.workflow = read.text(document, "key", "", needed=True)
    type_ = read.one_of(document, "type", "", TYPES) or ""
    spec = Spec(
        key=key,
        name=read.text(document, "name", "", needed=True),
        type=type_,
        owner=read.text(document, "owner", "", needed=True),
        subject=read.one_of(document, "subject", "", SUBJECTS) or "contact",
        description=read.text(document, "description", ""),
        priority=read.count(document, "priority", "", most=100) or PRIORITIES.get(type_, 50),
        limits=read_limit(read, document, "limits", ""),
        approvers=read.texts(document, "approvers", ""),
        trigger=read_trigger(read, document, needed=not map_only),
        entry=read_entry(read, document),
        steps=tuple(read_step(read, step, f"steps[{i}]") for i, step in enumerate(read.items(document, "steps", ""))),
        success=read_criteria(read, document),
        map_only=map_only,
        target=read.text(document, "target", "") or None,
    )
    _check_whole(read, spec)
    _check_ignored(read, document)
    return Attempt(spec=spec, problems=tuple(read.problems))


def _check_whole(read: Reader, spec: Spec) -> None:
    """What no part can say of itself: order, names of other parts, the subject."""
    if not spec.steps:
        read.wrong("steps", "must hold at least one step")
    wanted = _SUBJECT_OF_TRIGGER.get(spec.trigger.kind) if spec.trigger else None
    if wanted and wanted != spec.subject and not spec.map_only:
        read.wrong("subject", f"must be {wanted}: that is what its trigger is about")
    criteria = {criterion.key for criterion in spec.success}
    for i, step in enumerate(spec.steps):
        here = f"steps[{i}]"
        if step.key and spec.positions[step.key] != i:
            read.wrong(f"{here}.key", f"{step.key} is taken by steps[{spec.positions[step.key]}]")
        for key in step.after or ():
            if key not in spec.positions:
                read.wrong(f"{here}.after", f"{key} is no step")
        for key in step.serves:
            if key not in criteria:
                read.wrong(f"{here}.serves", f"{key} is the key of no success criterion")
        _check_ways(read, spec, step, i)
        if step.kind == "act" and not spec.map_only:
            _check_action(read, spec, step, here)


def _check_ignored(read: Reader, document: Mapping[str, Any]) -> None:
    """Findings that may stand: the lint reads them, here they are only held to their shape."""
    lint = read.mapping(document, "lint", "")
    read.keys(lint, {"ignore"}, "lint")
    for i, entry in enumerate(read.items(lint, "ignore", "lint")):
        here = f"lint.ignore[{i}]"
        if not isinstance(entry, Mapping):
            read.wrong(here, "must say which finding may stand, and why: {code: …, because: …}")
            continue
        read.keys(entry, {"code", "step", "because"}, here)
        read.text(entry, "code", here, needed=True)
        read.text(entry, "because", here)
        read.text(entry, "step", here)


def _check_ways(read: Reader, spec: Spec, step: Step, at: int) -> None:
    """Ways lead onwards, to steps that there are."""
    for place, go in _named_ways(step):
        if go and go != END and spec.positions.get(go, -1) <= at:
            says = f"{go} is no later step: a way leads onwards, to a step's key or to {END}"
            read.wrong(f"steps[{at}].{place}", says)


def _named_ways(step: Step) -> list[tuple[str, str]]:
    """Each way with the place where it is written."""
    ways = [(f"choose[{i}]", branch.go) for i, branch in enumerate(step.branches)]
    ways += [(f"split[{i}].go", share.go) for i, share in enumerate(step.shares)]
    if step.approve:
        ways.append(("approve.else", step.approve.otherwise or ""))
    if step.handoff:
        ways.append(("handoff.else", step.handoff.otherwise or ""))
    if step.action in ACTIONS and "else" in ACTIONS[step.action].arguments:
        ways.append(("with.else", str(step.arguments.get("else") or "")))
    return ways


def _check_action(read: Reader, spec: Spec, step: Step, path: str) -> None:
    if step.action is None:
        read.wrong(f"{path}.action", "is missing: say what the step does, or mark the workflow map_only")
        return
    row = ACTIONS.get(step.action)
    if row is None:
        return
    if row.outbound and step.system is None:
        read.wrong(f"{path}.system", f"is missing: {step.action} reaches a system")
    if spec.subject not in row.subjects:
        about = " or ".join(row.subjects)
        read.wrong(f"{path}.action", f"{step.action} is for workflows about {about}; this one is about {spec.subject}")
