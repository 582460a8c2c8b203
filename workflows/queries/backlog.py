"""How far behind the workers are."""

from dataclasses import dataclass

from django.db import connection

_SQL = """
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM workflows_queuedevent LIMIT %(most)s) AS waiting),
  (SELECT extract(epoch FROM clock_timestamp() - received_at) FROM workflows_inboundevent
     WHERE id = (SELECT min(event_id) FROM workflows_queuedevent)),
  (SELECT extract(epoch FROM clock_timestamp() - min(first.not_before))
     FROM workflows_system s
     LEFT JOIN workflows_connectionhealth h ON h.system = s.key,
     LATERAL (SELECT e.not_before FROM workflows_effect e WHERE e.state = 'planned' AND e.system = s.key
              ORDER BY e.not_before LIMIT 1) first
     WHERE NOT s.paused AND coalesce(h.disabled, '') = ''),
  (SELECT extract(epoch FROM clock_timestamp() - min(due_at)) FROM workflows_timer)
"""
#: Counting stops here: the question is whether there is a backlog, not which.
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits and for how long; ages in seconds, 0 when nothing is overdue."""

    events: int
    event_age_seconds: float
    effect_age_seconds: float
    timer_age_seconds: float

    @property
    def age_seconds(self) -> float:
        """Of the oldest thing that could be done now."""
        return max(self.event_age_seconds, self.effect_age_seconds, self.timer_age_seconds)


def now() -> Backlog:
    """By the database's clock, from the ends of indexes only. What a person has paused is not behind."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"most": MOST_COUNTED})
        events, *ages = cursor.fetchone()
    event, effect, timer = (max(0.0, float(age or 0)) for age in ages)
    return Backlog(events=events, event_age_seconds=event, effect_age_seconds=effect, timer_age_seconds=timer)
