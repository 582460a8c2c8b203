"""Tasks for people in sales and support."""

from ..conditions import Check
from ..decision import StepTrace
from ..spec import Step
from ..walk import Walk
from .records import NO_ADDRESS


def create_task(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """A task in a queue, due in working time; it goes to the subject's owner where there is one."""
    due = step.arguments.get("due")
    payload = {
        "queue": step.arguments["queue"],
        "title": step.arguments["title"],
        "email": walk.email,
        "due_at": walk.after(due).isoformat() if due else None,
    }
    if kind := step.arguments.get("for"):
        payload["for"] = kind
    if owner := walk.subject.get("owner"):
        payload["owner"] = owner
    missing = [] if walk.email or walk.snapshot.kind != "contact" else [NO_ADDRESS]
    return walk.plan(step, checks, payload=payload, says=f"a task in {payload['queue']}", against=missing)
