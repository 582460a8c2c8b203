"""What steps do, asked alike of workflows that run and of maps, whose actions are people's own words.

Where a map names one of the actions that are offered, it means that; otherwise the first word says it.
"""

import re
from collections.abc import Iterator

from workflows.engine.action_kinds import ACTIONS
from workflows.engine.conditions import Condition
from workflows.engine.spec import Spec, Step

from .ways import before

STAGE_FIELD = "lifecycle_stage"

_SENDS = ("send_message",)
_TASKS = ("create_task",)
#: First words of a map's action that make a record, whatever is there already, and of one that doubles a record.
_CREATES = ("create", "insert", "import", "enter")
_COPIES = ("copy", "add", "export", "re-enter", "retype", "duplicate")
_BY_HAND = re.compile(r"\b(by hand|manual(ly)?|retypes?|copy and paste)\b", re.IGNORECASE)


def first_word(step: Step) -> str:
    """Of its action, in lower case: "create" of `create_record` as of "Create a lead"."""
    return re.split(r"[\s_,.]+", (step.action or "").strip().lower(), maxsplit=1)[0]


def sends(step: Step) -> bool:
    """Does it send somebody a message?"""
    return step.action in _SENDS or (step.kind == "act" and first_word(step) in ("send", "e-mail", "email"))


def gives_task(step: Step) -> bool:
    """Does it give somebody a task?"""
    return step.action in _TASKS


def is_for_sales(step: Step) -> bool:
    """Is it work for a salesperson: a task, an owner, a hand-off?"""
    if step.kind == "handoff":
        return "sales" in (step.handoff.to if step.handoff else "")
    return step.action == "assign_owner" or (gives_task(step) and step.arguments.get("for", "sales") != "support")


def creates_blindly(step: Step) -> bool:
    """Does it create a record without looking for it? What is offered here always looks: only maps can say so."""
    return step.kind == "act" and step.action not in ACTIONS and first_word(step) in _CREATES


def copies(step: Step) -> bool:
    """Does it put the person into another place by hand or by a copy, which nothing keeps in step?"""
    return step.kind == "act" and step.action not in ACTIONS and first_word(step) in _COPIES


def keeps_record(step: Step) -> bool:
    """Does it put the person into a system as a record?"""
    return step.action == "upsert_record" or creates_blindly(step) or copies(step)


def is_by_hand(step: Step) -> bool:
    """Does a person do it, by what its action, name or trigger says?"""
    return any(_BY_HAND.search(text.replace("_", " ")) for text in (step.action or "", step.name, step.trigger))


def written(step: Step) -> tuple[str, ...]:
    """Fields of the contact that it writes."""
    if step.action == "set_stage":
        return (STAGE_FIELD,)
    if step.action == "set_field":
        return _texts(step.arguments.get("field"))
    if step.action == "normalise_fields":
        return _texts(step.arguments.get("fields"))
    return ()


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def rules(step: Step) -> Iterator[tuple[str, Condition]]:
    """Every condition of a step, with its place below the step."""
    if step.when:
        yield "when", step.when
    for i, branch in enumerate(step.branches):
        if branch.when:
            yield f"choose[{i}].when", branch.when
    if step.wait and step.wait.where:
        yield "wait.until.where", step.wait.where


def reads(step: Step, path: str) -> bool:
    """Does a rule or a guard of the step ask for the path?"""
    by_rule = any(path in rule.paths for _, rule in rules(step))
    return by_rule or path in step.guards.require or (path == f"contact.{STAGE_FIELD}" and "stage" in step.guards.valid)


def knows_stage(spec: Spec, step: Step) -> bool:
    """Is the lifecycle stage asked for or settled at the step, before it, or by what begins the workflow?"""
    path = f"contact.{STAGE_FIELD}"
    if spec.trigger and (spec.trigger.kind == "stage" or (spec.trigger.where and path in spec.trigger.where.paths)):
        return True
    if spec.entry.when and path in spec.entry.when.paths:
        return True
    earlier = [spec.step(key) for key in before(spec, step.key)]
    return any(reads(one, path) or STAGE_FIELD in written(one) for one in (step, *earlier))


def asks_consent(spec: Spec, step: Step) -> bool:
    """Is consent asked for at the step, at one before it, or on entering?"""
    asked = [rule for rule in (spec.entry.when, spec.trigger.where if spec.trigger else None) if rule]
    for one in (step, *(spec.step(key) for key in before(spec, step.key))):
        if one.guards.consent and one.key == step.key:
            return True
        asked += [rule for _, rule in rules(one)]
    return any(path.startswith("contact.consent.") for rule in asked for path in rule.paths)
