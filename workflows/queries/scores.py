"""What a contact's score is now, and why.

The column `contact.score` holds the points as they stood at `contact.scored_at`. Everything that asks for a score asks
for what is left of them at one instant, in whole points. In SQL that is

    workflows_faded_score(score, scored_at, <instant>, <half life in days or NULL>)

a function in the database (migration 0006), equal to `workflows.engine.scoring.Scoring.now` to the last point: a
property test holds the two together. `HALF_LIFE` is the workspace's half-life as a subquery.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import structlog
from django.db.models import F, FloatField, Func, IntegerField, Subquery, Value

from workflows.engine.references import condition, references
from workflows.engine.scoring import BadScoring, Scoring, compile_scoring
from workflows.engine.scoring import Score as Points
from workflows.models import Activation, Contact, EventType, ScoreEntry, Workflow
from workflows.models import Scoring as ScoringRow

from . import segment_rules

log = structlog.get_logger()

#: The workspace has one scoring, or none yet.
HALF_LIFE = Subquery(ScoringRow.objects.order_by("pk").values("half_life_days")[:1], output_field=FloatField())


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a contact's score and what is left of it."""

    entry: ScoreEntry
    left: float


@dataclass(frozen=True, slots=True)
class Explained:
    """A contact's score at an instant."""

    now: int
    half_life_days: float | None
    lines: Sequence[Line]
    #: Older entries that are not listed, and what is left of them together, with what was written by hand.
    others: float


def row() -> ScoringRow | None:
    """The workspace's scoring."""
    return ScoringRow.objects.select_related("owner").order_by("pk").first()


def half_life_days() -> float | None:
    """How fast points fade; None: not at all."""
    return ScoringRow.objects.order_by("pk").values_list("half_life_days", flat=True).first()


def compiled() -> Scoring:
    """The rules as they are now, with the points that event types give by themselves."""
    found = row()
    by_event = dict(EventType.objects.exclude(score_effect=0).values_list("name", "score_effect"))
    rules, half_life = (found.rules, found.half_life_days) if found else ([], None)
    return _compiled(orjson.dumps([rules, half_life, by_event]))


@lru_cache(maxsize=64)
def _compiled(text: bytes) -> Scoring:
    rules, half_life, by_event = orjson.loads(text)
    try:
        return compile_scoring(rules=rules, half_life_days=half_life, by_event=by_event)
    except BadScoring as error:  # written past the check on save: what event types give still counts
        log.error("scoring_unusable", problems=[path for path, _ in error.problems])
        return compile_scoring(rules=[], half_life_days=half_life, by_event=by_event)


def faded(*, at: datetime) -> Func:
    """What is left of a contact's score, for `Contact.objects.annotate(score_now=…)`."""
    return Func(
        F("score"),
        F("scored_at"),
        Value(at),
        HALF_LIFE,
        function="workflows_faded_score",
        output_field=IntegerField(),
    )


def explained(contact: Contact, *, at: datetime, most: int = 20) -> Explained:
    """The score of one contact with its newest entries and what is left of each."""
    scoring = Scoring(rules=(), half_life_days=half_life_days())
    score = Points(contact.score, contact.scored_at)
    entries = ScoreEntry.objects.filter(contact_id=contact.pk).order_by("-at", "-pk")[:most]
    lines = [Line(entry, scoring.left(Points(entry.points, entry.at), at=at)) for entry in entries]
    others = scoring.left(score, at=at) - sum(line.left for line in lines)
    return Explained(
        now=scoring.now(score, at=at),
        half_life_days=scoring.half_life_days,
        lines=lines,
        others=others if abs(others) >= 0.05 else 0.0,
    )


def live_workflows_that_ask() -> list[Workflow]:
    """Live workflows with a rule that reads the score, by itself or through a segment: a change of scoring changes whom
    they act on.
    """
    live = Activation.objects.filter(until=None).select_related("version", "workflow").order_by("workflow__name")
    segments = segment_rules.rules()
    return [activation.workflow for activation in live if _asks(activation.version.content, segments)]


def risk_of_change() -> str:
    """Of a change of scoring: medium where it affects routing, else low (requirement D1)."""
    return "medium" if live_workflows_that_ask() else "low"


def _asks(content: Mapping[str, Any], segments: Mapping[str, Any]) -> bool:
    """Follows segments into segments, each once."""
    waiting, met = [*references({"kind": "workflow", **content})], set[str]()
    while waiting:
        found = waiting.pop()
        if (found.kind, found.key) == ("field", "score"):
            return True
        if found.kind == "segment" and found.key not in met:
            met.add(found.key)
            waiting += condition(segments.get(found.key), ())
    return False
