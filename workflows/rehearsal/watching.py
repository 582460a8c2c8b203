"""Segments that live workflows watch, asked of people in memory."""

from collections.abc import Mapping
from datetime import datetime

from workflows.engine.conditions import BadCondition, Condition, ConditionError, compile_condition
from workflows.engine.scoring import Scoring
from workflows.queries import live
from workflows.runtime.definitions import Definitions
from workflows.runtime.subjects import Person


def rules(defined: Definitions) -> Mapping[str, Condition]:
    """By segment; one that cannot be compiled stands aside, as it does live."""
    found = {}
    segments = defined.today.segments or {}
    for key in live.watched_segments(defined.inside):
        try:
            found[key] = compile_condition(segments[key], segments=segments)
        except (BadCondition, KeyError):
            continue
    return found


def holds(rule: Condition, person: Person, scoring: Scoring, at: datetime) -> bool:
    """Is the person in it? Not where the rule cannot be answered."""
    facts = person.snapshot(scoring=scoring, at=at).facts(event=None, at=at)
    try:
        return rule.test(facts)
    except ConditionError:
        return False
