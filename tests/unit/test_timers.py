"""Everything on a timer is in one table, and nothing else is delayed by the broker."""

import ast

from martechops.celery import TIMERS, app, schedule
from tests.architecture.imports import modules


def test_every_timer_names_a_task_that_exists() -> None:
    app.loader.import_default_modules()
    assert set(TIMERS) <= set(app.tasks)


def test_timers_repeat_and_nothing_has_a_countdown() -> None:
    assert all(set(entry) == {"task", "schedule"} for entry in schedule().values())


def test_every_doorbell_rung_by_name_is_one_that_somebody_answers() -> None:
    app.loader.import_default_modules()
    rung = {
        (argument.value, module.name)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"wake.ring", "wake.after_commit"}
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    assert rung
    assert {name for name, _ in rung} <= set(app.tasks)
