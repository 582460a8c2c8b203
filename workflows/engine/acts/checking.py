"""Data quality and reporting: work that is done inside, and definitions that others build on."""

from ..conditions import Check
from ..decision import Decision, StepTrace
from ..spec import Step
from ..walk import Walk


def inside(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """Work for the runtime itself: it has to look at more than one subject, so it is an effect without a far side."""
    payload = {"subject": walk.snapshot.key, **step.arguments}
    return walk.plan(step, checks, payload=payload, says=_WORDS[step.action or ""], inside=True)


_WORDS = {
    "find_duplicates": "looks for duplicates",
    "propose_merge": "proposes to merge what was found",
    "refresh_reports": "refreshes the reports",
}


def verify_definitions(walk: Walk, step: Step, position: int, checks: tuple[Check, ...]) -> Decision | int:
    """Numbers that rest on what nobody has agreed on are not handed on: the run stops and says which, or goes
    the way that was named for it.
    """
    written = step.arguments["kinds"]
    kinds = [written] if isinstance(written, str) else list(written)
    open_ones = [f"{kind} {key}" for kind in kinds for key in walk.catalog.unsettled.get(kind, ())]
    if not open_ones:
        walk.note(step, "done", f"all agreed: {', '.join(kinds)}", checks)
        return position + 1
    reason = f"not agreed yet: {', '.join(open_ones)}"
    if go := step.arguments.get("else"):
        walk.note(step, "withheld", f"{reason}; goes on with {go}", checks)
        return walk.position(str(go))
    walk.note(step, "stopped", reason, checks)
    return walk.end("stopped", step.key, reason)
