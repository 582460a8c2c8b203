"""Everything on a timer is in one table, and nothing else is delayed by the broker."""

import pytest

from martechops.celery import TIMERS, app, schedule


def test_every_timer_names_a_task_that_exists() -> None:
    pytest.importorskip("workflows.tasks")
    app.loader.import_default_modules()
    assert set(TIMERS) <= set(app.tasks)


def test_timers_repeat_and_nothing_has_a_countdown() -> None:
    assert all(set(entry) == {"task", "schedule"} for entry in schedule().values())
