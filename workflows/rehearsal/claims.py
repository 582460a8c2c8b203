"""What was expected, held against what came of a story: failures in plain words, with what really happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.engine.scenarios import Claim, Scenario
from workflows.engine.scenarios.reading import EVERYTHING, INVARIANTS
from workflows.runtime.outcome import Change

from .invariants import breaches, runs_of
from .played import PlayedEffect
from .telling import Told


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that was not met."""

    #: Its place in the document: "then[2]".
    path: str
    says: str
    #: The step to look at, and when; empty and None where it is about none.
    step: str = ""
    at: datetime | None = None


def failures(scenario: Scenario, told: Told) -> tuple[Failure, ...]:
    """In the order of the claims."""
    return tuple(
        Failure(f"then[{i}]", says, step, at)
        for i, claim in enumerate(scenario.then)
        for says, step, at in _missed(claim, scenario, told)
    )


Missed = Iterator[tuple[str, str, datetime | None]]


def _missed(claim: Claim, scenario: Scenario, told: Told) -> Missed:
    match claim.kind:
        case "done" | "withheld":
            yield from _effects(claim, told)
        case "field" | "stage":
            yield from _field(claim, told)
        case "enters":
            yield from _entered(claim, told)
        case "ends":
            yield from _ended(claim, told)
        case "holds":
            names = tuple(INVARIANTS) if claim.what == EVERYTHING else (claim.what,)
            for breach in breaches(told, names):
                yield f"{INVARIANTS[breach.invariant]}: but {breach.says}", breach.step, breach.at
        case "nothing_else":
            yield from _unclaimed(scenario, told)


def _effects(claim: Claim, told: Told) -> Missed:
    state = "done" if claim.kind == "done" else "suppressed"
    ours = [one for one in told.played.of(told.ground.spec.key) if is_named(one, claim.what)]
    met = [one for one in ours if one.state == state and claim.because.lower() in one.reason.lower()]
    met = [one for one in met if _in_time(one, claim, told)]
    if claim.at_least <= len(met) and (claim.at_most is None or len(met) <= claim.at_most):
        return
    wanted = f"expected {claim.what} {'withheld ' if claim.kind == 'withheld' else ''}{claim.times}{_span(claim)}"
    if claim.because:
        wanted += f" because of {claim.because}"
    step = ours[-1].step if ours else claim.what if claim.what in told.ground.spec.positions else ""
    at = ours[-1].at if ours else None
    found = [f"was {_actual(one)}" for one in ours] or [_path(step or claim.what, told)]
    yield f"{wanted}, {'; '.join(dict.fromkeys(found))}", step, at


def is_named(effect: PlayedEffect, what: str) -> bool:
    """By its step, its template, its channel or its kind."""
    return what in (effect.step, effect.payload.get("template"), effect.kind)


def _in_time(effect: PlayedEffect, claim: Claim, told: Told) -> bool:
    if effect.at is None:
        return False
    if claim.after and effect.at < claim.after.after(told.began):
        return False
    return claim.within is None or effect.at <= claim.within.after(told.began)


def _span(claim: Claim) -> str:
    after = f" not before {claim.after}" if claim.after else ""
    return after + (f" within {claim.within}" if claim.within else "")


def _actual(effect: PlayedEffect) -> str:
    at = f" on {effect.at:%Y-%m-%d %H:%M} UTC" if effect.at else ""
    match effect.state:
        case "done":
            return f"done{at}"
        case "suppressed":
            return f"withheld: {effect.reason}"
        case "held":
            return f"held: {effect.reason}"
        case _:
            return f"still to be done{at}"


def _path(step: str, told: Told) -> str:
    """Why a step did nothing: what it came to, or where those who did not come to it ended."""
    outcomes = told.played.outcomes(told.ground.spec.key, step)
    if outcomes:
        return "the step " + "; then ".join(f"{outcome}: {says}" for outcome, says in outcomes[-2:])
    runs = runs_of(told)
    if not runs:
        return f"nobody entered: {not_entered(told)}"
    last = runs[-1]
    where = f"{last.state} at {last.step}" + (f": {last.reason}" if last.reason else "")
    return f"it was never reached; the run is {where}"


def not_entered(told: Told) -> str:
    """Why no run began."""
    key = told.ground.spec.key
    parts = [part for account in told.played.accounts for part, _ in account.parts if part["workflow"] == key]
    said = [str(part["entry"]["says"]) for part in parts if part.get("entry")]
    held = [f"the event is refused, {reason.says}" for one in told.played.held for reason in one.reasons]
    return "; ".join(dict.fromkeys([*said, *held])) or "nothing that happened begins the workflow"


def _field(claim: Claim, told: Told) -> Missed:
    name = "lifecycle_stage" if claim.kind == "stage" else claim.what
    wanted = (claim.what or None) if claim.kind == "stage" else claim.value
    at = claim.after.after(told.began) if claim.after else told.ended
    found, changed = _value(name, at, told)
    if found == wanted:
        return
    by = f", written by {changed.writer}" if changed else ""
    when = f" after {claim.after}" if claim.after else ""
    says = f"expected {name} to be {_shown(wanted)}{when}, it is {_shown(found)}{by}"
    yield says, changed.step if changed else "", None


def _value(name: str, at: datetime, told: Told) -> tuple[Any, Change | None]:
    """What a field of the contact held at an instant, and what had written it."""
    value, last = _at_first(name, told), None
    for logged in told.played.log:
        if logged.at > at:
            break
        if isinstance(logged.what, Change) and logged.what.field == name:
            value, last = logged.what.new, logged.what
    return value, last


def _at_first(name: str, told: Told) -> Any:
    given = told.given
    if not given.known:
        return None
    known = {"email": given.email, "lifecycle_stage": given.stage, "score": given.score}
    if name.startswith("consent."):
        return given.consent.get(name.removeprefix("consent."))
    return known[name] if name in known else given.fields.get(name)


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)


def _entered(claim: Claim, told: Told) -> Missed:
    count = len(runs_of(told))
    if claim.at_least <= count and (claim.at_most is None or count <= claim.at_most):
        return
    why = f": {not_entered(told)}" if count < claim.at_least else ""
    yield f"expected {told.ground.spec.key} to be entered {claim.times}, it was {count} times{why}", "", None


def _ended(claim: Claim, told: Told) -> Missed:
    runs = runs_of(told)
    if not runs:
        yield f"expected the run to be {claim.what}, nobody entered: {not_entered(told)}", "", None
        return
    last = runs[-1]
    if last.state != claim.what or (claim.step and last.step != claim.step):
        at_step = f" at {claim.step}" if claim.step else ""
        because = f": {last.reason}" if last.reason else ""
        yield (
            f"expected the run to be {claim.what}{at_step}, it is {last.state} at {last.step}{because}",
            last.step,
            None,
        )


def _unclaimed(scenario: Scenario, told: Told) -> Missed:
    named = [claim.what for claim in scenario.then if claim.kind in ("done", "withheld")]
    for effect in told.played.of(told.ground.spec.key):
        if not any(is_named(effect, what) for what in named):
            yield (
                f"expected nothing else, but {effect.step} ({effect.kind}) was {_actual(effect)}",
                effect.step,
                effect.at,
            )
