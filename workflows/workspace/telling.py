"""A plan in words: as lines for a terminal, and as data for programs."""

from collections.abc import Iterator
from typing import Any

from workflows.workspace.kinds import KINDS, Name
from workflows.workspace.planning import Change, Plan, Verb
from workflows.workspace.problems import Problem

SIGNS = {Verb.RENAME: ">", Verb.ADD: "+", Verb.CHANGE: "~", Verb.STATUS: "^", Verb.REMOVE: "-"}
_MOST_USERS = 4


def lines(plan: Plan) -> Iterator[str]:
    """What would be done, a change a line with its words below; then what is in the way; then the numbers."""
    for change in plan.changes:
        yield f"  {SIGNS[change.verb]} {label(change.name):<18} {change.name.key}{_draft(change.name)}{_users(change)}"
        yield from (f"      {words}" for words in change.words)
    if plan.changes:
        yield ""
    for problem in plan.problems:
        yield f"problem: {problem}"
    for problem in plan.warnings:
        yield f"warning: {problem}"
    if plan.problems:
        yield f"{len(plan.problems)} problems; nothing can be applied."
    yield f"Plan: {plan.summary()}."
    if plan.absent:
        names = ", ".join(map(str, plan.absent[:5])) + (", ..." if len(plan.absent) > 5 else "")
        yield f"In no file, and kept: {len(plan.absent)} ({names}). --prune removes them."


def data(plan: Plan) -> dict[str, Any]:
    """The same for programs."""
    return {
        "digest": plan.digest,
        "summary": plan.summary(),
        "counts": {str(verb): plan.count(verb) for verb in Verb} | {"unchanged": plan.unchanged},
        "changes": [_change(change) for change in plan.changes],
        "problems": [_problem(problem) for problem in plan.problems],
        "warnings": [_problem(problem) for problem in plan.warnings],
        "absent": [_name(name) for name in plan.absent],
    }


def label(name: Name) -> str:
    """What people call this kind of thing."""
    kind = KINDS.get(name.kind)
    return kind.label.lower() if kind else f"value of {name.kind.removeprefix('value:')}"


def _draft(name: Name) -> str:
    return " (draft)" if name.draft else ""


def _users(change: Change) -> str:
    if not change.used_by or change.verb is Verb.ADD:
        return ""
    names = ", ".join(map(str, change.used_by[:_MOST_USERS]))
    more = len(change.used_by) - _MOST_USERS
    return f"   used by {names}" + (f" and {more} more" if more > 0 else "")


def _change(change: Change) -> dict[str, Any]:
    return {
        "verb": str(change.verb),
        **_name(change.name),
        "file": change.file,
        "words": list(change.words),
        "used_by": [_name(name) for name in change.used_by],
    }


def _name(name: Name) -> dict[str, Any]:
    return {"kind": name.kind, "key": name.key, "draft": name.draft}


def _problem(problem: Problem) -> dict[str, Any]:
    return {"file": problem.file, "line": problem.line, "column": problem.column, "says": problem.says}
