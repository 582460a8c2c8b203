"""The Celery app, and the one table of everything that happens on a timer.

Messages carry no work (DESIGN section 1, idea 2): rows do. A lost message costs the time to the next sweep.
"""

import os
from typing import Any

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "martechops.settings")

#: task → seconds between two of its doorbells. No ETA and no countdown anywhere: what is due later is a row.
TIMERS = {
    "workflows.sweep": 1,  # due timers, expired leases and work whose doorbell was lost
    "workflows.poll": 2,  # far sides that are asked what changed there
    "workflows.imports": 1,  # files that are being taken in, and that waited for live events to go first
    "workflows.renames": 10,  # contacts that still hold a former name, whatever stopped the batches
    "workflows.moves": 5,  # runs that are being taken to another version, whatever stopped the batches
    "workflows.replays": 1,  # replays that gave way to live events, or whose worker is gone
    "workflows.keep_house": 1,  # workflows that begin by the calendar, and work for the installation itself
    "workflows.keep_segments": 15,  # who entered or left a watched segment by the mere passing of time
    "workflows.retain": 60,  # whether it is night, and then what is older than its policy says
    "campaigns.checks": 15,  # launches that changed since they were checked, and addresses to be visited
    "campaigns.repairs": 10,  # what versions did that were rolled back, whatever stopped the batches
    "campaigns.approvals": 5,  # approvals that something made stale, that ran out, or whose time to go live has come
    "reporting.facts": 5,  # what was written since is made into facts
    "reporting.arms": 15,  # whom metrics of success criteria counted in each arm of a rollout
    "reporting.criteria": 60,  # what the metrics of success criteria come to
    "reporting.reports": 2,  # reports that a workflow asked for
    "reporting.health": 30,  # whether the last look at what happens against what is documented is old enough
    "campaigns.criteria": 15,  # success criteria of runs that are new or not through yet, and teams at risk
    "campaigns.rollouts": 2,  # rollouts that are open: their gates, and the one step that is due
    "campaigns.starts": 5,  # campaigns whose hour to start, or to end, has come
    "martechops.pulse": 2,  # shows /readyz that beat, broker and a worker are all there
    "people.forget_unspent_limits": 300,  # rate limits that are full again
}


def schedule() -> dict[str, dict[str, Any]]:
    """The table, as beat reads it."""
    return {task: {"task": task, "schedule": float(seconds)} for task, seconds in TIMERS.items()}


TRANSPORT_ALIASES["pgmq"] = "martechops.lib.pgmq_transport:Transport"

app = Celery("martechops")
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = schedule()
app.steps["worker"].add("martechops.understudy:Understudy")
app.autodiscover_tasks()
