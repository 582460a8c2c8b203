"""Owners: whose lead it is, and whose it becomes if they do not take it in time."""

from ..conditions import Check, value_at
from ..decision import Decision, Undefined
from ..effects import PlannedAssignment
from ..rosters import NobodyFree, Turn, turn
from ..spec import Step
from ..walk import Walk, defined
from .records import NO_ADDRESS

#: Who answers for the contact's company, as the CRM says.
ACCOUNT_OWNER = "contact.account_owner"


def assign_owner(walk: Walk, step: Step, position: int, checks: tuple[Check, ...]) -> Decision | int:
    """The next by the step's rule owns the contact; with a time-out the run waits until they have taken it."""
    by = step.arguments["by"]
    if by == "account_owner":
        owner = value_at(walk.facts, ACCOUNT_OWNER)
        if not owner:
            return _nobody(walk, step, position, "the account has no owner", checks)
        return _given(walk, step, position, str(owner), str(owner), None, f"{owner}, who owns the account", checks)
    try:
        found = _turn(walk, step, by)
    except NobodyFree as error:
        return _nobody(walk, step, position, str(error), checks)
    crm_id = found.member.crm_id or found.member.key
    return _given(walk, step, position, found.member.key, crm_id, found.desk, found.says, checks)


def assign_owner_woken(walk: Walk, step: Step, position: int, checks: tuple[Check, ...]) -> Decision | int:
    """Taken: it goes on. Refused or out of time: somebody else is asked."""
    asked = walk.cause.tried[-1] if walk.cause.tried else "the one who was asked"
    if walk.cause.answer == "accepted":
        walk.note(step, "answered", f"{walk.cause.by or asked} took it")
        return position + 1
    did = "refused it" if walk.cause.kind == "answer" else f"did not take it within {step.arguments.get('timeout')}"
    walk.note(step, "woke", f"{asked} {did}")
    if step.arguments["by"] == "account_owner":
        return _nobody(walk, step, position, "the account's owner did not take it", checks)
    return assign_owner(walk, step, position, checks)


def _turn(walk: Walk, step: Step, by: str) -> Turn:
    key = step.arguments.get("queue") or step.arguments.get("table") or ""
    roster = defined(walk.catalog.rosters, "queue", key)
    return turn(by, roster=roster, desks=walk.snapshot.desks, facts=walk.facts, tried=walk.cause.tried)


def _given(
    walk: Walk,
    step: Step,
    position: int,
    owner: str,
    crm_id: str,
    desk: str | None,
    says: str,
    checks: tuple[Check, ...],
) -> Decision | int:
    timeout = step.arguments.get("timeout")
    number = len(walk.cause.tried) + 1
    assignment = PlannedAssignment(
        key=walk.key(step, part=f"owner {number}"),
        step=step.key,
        owner=owner,
        by=step.arguments["by"],
        desk=desk,
        due_at=walk.after(timeout) if timeout else None,
        number=number,
    )
    trace = walk.plan(
        step,
        checks,
        kind="upsert_record",
        payload={"email": walk.email, "fields": {"owner": crm_id}},
        says=f"belongs to {says}" + (f"; to be taken within {timeout}" if timeout else ""),
        against=[] if walk.email else [NO_ADDRESS],
        part=f"owner {number}",
    )
    walk.trace.append(trace)
    if trace.effect and trace.effect.refusal:
        return position + 1
    walk.assignments.append(assignment)
    walk.subject["owner"] = owner  # later steps see whose it is; the row is the runtime's, the field the CRM's
    return walk.end("waiting", step.key, due_at=assignment.due_at) if timeout else position + 1


def _nobody(walk: Walk, step: Step, position: int, says: str, checks: tuple[Check, ...]) -> Decision | int:
    """A lead that nobody owns is never passed over: it goes the way that was named, or the run fails for all to see."""
    go = step.arguments.get("else")
    if not go:
        raise Undefined(says)
    walk.note(step, "withheld", f"{says}; goes on with {go}", checks)
    return walk.position(str(go))
