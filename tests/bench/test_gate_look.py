"""What a look costs at a rollout of 100,000 people: `manage.py test tests/bench/test_gate_look.py -m bench -n 0 -s`."""

import os
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import gates
from campaigns.actions import rollouts
from campaigns.queries import rollout_counts
from campaigns.ramps import Ramp
from martechops.lib import clock
from reporting import compile
from reporting.actions import criterion_marks, criterion_values, projection
from reporting.metrics import Leaf
from workflows.actions import versions
from workflows.models import Activation, Exposure

pytestmark = [pytest.mark.bench, pytest.mark.django_db]

PEOPLE = int(os.environ.get("GATE_PEOPLE", "100000"))
#: A look is due every two seconds; it may take a quarter of that.
SECONDS_AT_MOST = 0.5 * max(1.0, PEOPLE / 100_000)


def test_look_at_a_rollout_of_many_is_short(demo_of_monday: None) -> None:
    now = clock.now()
    live = Activation.objects.get(workflow__key="demo-request-nurture", until=None).version
    content = {**live.content, "description": "measured"}
    draft = versions.draft(workflow=live.workflow, content=content, by="bench", at=now)
    candidate = versions.freeze(version=draft, by="bench", at=now)
    half = Ramp.of({"stages": [{"share_percent": 10, "at_least": 500_000}, {"share_percent": 100}]})
    rollout = rollouts.start(version=candidate, ramp=half, by="bench", at=now)
    _met(rollout.pk, live.workflow_id, live.pk, candidate.pk)
    while projection.turn(at=now):
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    at = now + timedelta(minutes=5)
    took = []
    for _ in range(3):
        begun = time.monotonic()
        with CaptureQueriesContext(connection) as asked:
            seen = rollout_counts.observed(rollout, half, since=now, at=at)
        took.append(time.monotonic() - begun)
    slowest = max(asked.captured_queries, key=lambda one: float(one["time"]))
    begun = time.monotonic()
    criterion_marks.keep(at=at)
    marked = time.monotonic() - begun
    begun = time.monotonic()
    criterion_values.count(at=at)
    counted = time.monotonic() - begun
    begun = time.monotonic()
    gates.judge(seen)
    print(
        f"\n{Exposure.objects.filter(rollout_id=rollout.pk).count():,} exposures: a look {min(took):.3f} s in"
        f" {len(asked)} statements, slowest {slowest['time']} s: {' '.join(slowest['sql'].split())[:150]}"
        f"\nmetrics of arms {marked:.3f} s, of criteria {counted:.3f} s, judging {time.monotonic() - begun:.3f} s"
    )
    for view, measure in (("conversions", "conversions"), ("sends", "messages"), ("stage_changes", "stage_contacts")):
        begun = time.monotonic()
        statement = compile.marked(Leaf(view, measure, {}), rollout_id=rollout.pk, zone="UTC")
        with connection.cursor() as cursor:
            cursor.execute(statement.text, statement.values)
        print(f"  of {view}: {time.monotonic() - begun:.3f} s")
    assert min(took) < SECONDS_AT_MOST


def _met(rollout: int, workflow: int, stable: int, candidate: int) -> None:
    """People of both arms, each with a run, a record written and a message sent; a few with a goal."""
    of = {"rollout": rollout, "workflow": workflow, "stable": stable, "candidate": candidate, "people": PEOPLE}
    with connection.cursor() as cursor:
        for text in _MADE:
            cursor.execute(text, of)


_WHO = "SELECT n, 10_000_000 + n AS contact, n %% 10 = 0 AS new FROM generate_series(1, %(people)s) n"
_MADE = (
    f"""INSERT INTO workflows_contact (id, email, created_at, updated_at, lifecycle_stage, score, fields, consent)
        SELECT contact, 'p' || n || '@example.com', now(), now(), 'lead', 0, '{{}}',
            '{{"email": {{"state": "granted"}}}}' FROM ({_WHO}) w""",
    f"""INSERT INTO workflows_exposure (rollout_id, contact_id, arm, share_percent, at)
        SELECT %(rollout)s, contact, CASE WHEN new THEN 'candidate' ELSE 'stable' END, 10, now() FROM ({_WHO}) w""",
    f"""INSERT INTO workflows_run (id, workflow_id, version_id, contact_id, entry_key, state, step, waits_for, reason,
            entered_at, changed_at, ended_at)
        SELECT contact, %(workflow)s, CASE WHEN new THEN %(candidate)s ELSE %(stable)s END, contact, 'b' || n, 'done',
            '', '', '', now(), now(), now() + interval '1 minute' FROM ({_WHO}) w""",
    f"""INSERT INTO workflows_effect (key, once_key, workflow_id, version_id, run_id, contact_id, step, kind, system,
            payload, state, reason, not_before, tries, fence, planned_at, ended_at)
        SELECT gen_random_uuid(), NULL, %(workflow)s, CASE WHEN new THEN %(candidate)s ELSE %(stable)s END, contact,
            contact, step, kind, system, payload::json, 'done', '', now(), 1, 1, now(), now() + interval '1 second'
        FROM ({_WHO}) w CROSS JOIN (VALUES
            ('record', 'upsert_record', 'crm', '{{"fields": {{"email": "p@example.com", "first_name": "P"}}}}'),
            ('welcome', 'send_message', 'email', '{{"channel": "email", "template": "demo-welcome"}}')
        ) e (step, kind, system, payload)""",
    f"""INSERT INTO workflows_conversion (key, name, contact_id, workflow_id, run_id, campaign, value, at)
        SELECT gen_random_uuid(), 'Asked', contact, %(workflow)s, contact, '', 1, now() + interval '2 minutes'
        FROM ({_WHO}) w WHERE n %% 20 = 0""",
)
