"""A decision as the document that a Trace keeps: plain data, small, and enough to answer "why?" for ever.

The document of one cause:

    {"cause": {"kind": "event", "event_id": 7, "name": "Demo Requested"},
     "contact": {"found": "created", "by": ["email:ana@example.com"], "notes": []},
     "changes": [{"field": "score", "old": 0, "new": 40, "why": "Demo Requested scores 40"}],
     "workflows": [{"workflow": "demo-request-nurture", "version": 3, "digest": "…", "run_id": 12,
                    "entry": {"admitted": true, "says": "…", "checks": [CHECK]} or null,
                    "steps": [STEP], "state": "waiting", "step": "pause", "says": "…", "due_at": "…"}]}

    CHECK: {"path": "contact.score", "op": "$gte", "want": 50, "got": 62, "ok": true}; of a segment
           {"path": "segment", "op": "$eq", "want": "hot-leads", "got": true, "ok": true, "inner": [CHECK]}
    STEP:  {"step": "welcome", "outcome": "withheld", "says": "…", "checks": [CHECK],
            "guards": [{"guard": "consent", "ok": false, "says": "…"}],
            "writes": [{"field": "…", "old": …, "new": …}], "effect": "uuid of the effect",
            "needs": [CHANGE] or null}
    CHANGE: {"path": "contact.email", "old": null, "new": "somebody@example.com", "any": true}: what would
            have been needed by what was withheld or, for earlier entries, refused; "now" is time, null: nothing helps

Keys whose list would be empty are left out of checks, guards and writes; `check_says` puts a CHECK into words.

What there is most of, changes, checks, guards and writes, is kept as plain lists, [field, old, new, why] and so on: its
names were a quarter of what an event writes. `told` gives them back, also to traces that were kept with them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from .conditions import Check
from .counterfactual.changes import Change
from .decide import Decision, StepTrace
from .entry import Admission


def admission(outcome: Admission) -> dict[str, Any]:
    """The `entry` part."""
    document: dict[str, Any] = {"admitted": outcome.admitted, "says": outcome.says}
    if outcome.checks:
        document["checks"] = [_check(check) for check in outcome.checks]
    if outcome.needs != ():
        document["needs"] = _needs(outcome.needs)
    return document


def decision(outcome: Decision) -> dict[str, Any]:
    """Everything of a workflow's part that the engine decided."""
    document: dict[str, Any] = {
        "steps": [_step(step) for step in outcome.trace],
        "state": outcome.state,
        "step": outcome.step,
        "says": outcome.reason,
    }
    if outcome.due_at:
        document["due_at"] = outcome.due_at.isoformat()
    return document


def told(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A document as it is described above, of one that was kept.

    >>> told({"cause": {}, "changes": [["score", 0, 40, "event Demo Requested"]], "workflows": []})["changes"]
    [{'field': 'score', 'old': 0, 'new': 40, 'why': 'event Demo Requested'}]
    """
    document = dict(kept)
    if changes := kept.get("changes"):
        document["changes"] = _named(_CHANGE, changes)
    if parts := kept.get("workflows"):
        document["workflows"] = [told_part(part) for part in parts]
    return document


def told_part(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The same of one workflow's part."""
    part = dict(kept)
    if (entry := part.get("entry")) and "checks" in entry:
        part["entry"] = entry | {"checks": _checks(entry["checks"])}
    if steps := part.get("steps"):
        part["steps"] = [_told_step(step) for step in steps]
    return part


def _told_step(kept: dict[str, Any]) -> dict[str, Any]:
    step = dict(kept)
    if checks := step.get("checks"):
        step["checks"] = _checks(checks)
    if guards := step.get("guards"):
        step["guards"] = _named(_GUARD, guards)
    if writes := step.get("writes"):
        step["writes"] = _named(_WRITE, writes)
    if effect := step.get("effect"):
        step["effect"] = str(effect)
    return step


def check_says(check: Mapping[str, Any]) -> str:
    """A CHECK of the document in words.

    >>> check_says({"path": "contact.score", "op": "$gte", "want": 50, "got": 62, "ok": True})
    'contact.score is at least 50: yes, it is 62'
    """
    return _read(check).says()


def _read(check: Mapping[str, Any]) -> Check:
    return Check(
        path=check["path"],
        operator=check["op"],
        wanted=check["want"],
        actual=check["got"],
        passed=check["ok"],
        inner=tuple(_read(inner) for inner in check.get("inner", ())),
    )


def _step(step: StepTrace) -> dict[str, Any]:
    document: dict[str, Any] = {"step": step.step, "outcome": step.outcome, "says": step.says}
    if step.checks:
        document["checks"] = [_check(check) for check in step.checks]
    if step.guards:
        document["guards"] = [(one.guard, one.passed, one.says) for one in step.guards]
    if step.writes:
        document["writes"] = [(one.field, one.old, one.new) for one in step.writes]
    if step.effect:
        # A UUID still: what writes the document makes a text of it in a tenth of what str() takes.
        document["effect"] = step.effect.key
    if step.needs != ():
        document["needs"] = _needs(step.needs)
    return document


def _needs(changes: tuple[Change, ...] | None) -> list[dict[str, Any]] | None:
    if changes is None:
        return None
    return [{"path": one.path, "old": one.old, "new": one.new, "any": one.any_value} for one in changes]


def _check(check: Check) -> tuple[Any, ...]:
    found = (check.path, check.operator, check.wanted, check.actual, check.passed)
    return (*found, [_check(inner) for inner in check.inner]) if check.inner else found


_CHANGE, _GUARD, _WRITE = ("field", "old", "new", "why"), ("guard", "ok", "says"), ("field", "old", "new")
_CHECK = ("path", "op", "want", "got", "ok", "inner")


def _named(names: tuple[str, ...], kept: Iterable[Any]) -> list[dict[str, Any]]:
    return [one if isinstance(one, dict) else dict(zip(names, one, strict=False)) for one in kept]


def _checks(kept: Iterable[Any]) -> list[dict[str, Any]]:
    checks = _named(_CHECK, kept)
    return [one | {"inner": _checks(one["inner"])} if "inner" in one else one for one in checks]
