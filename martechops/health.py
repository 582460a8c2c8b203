"""Is it alive, is it ready, and how is it doing: /healthz, /readyz and /metrics."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from martechops.lib import pulse, wake
from martechops.tasks import BEAT
from workflows.queries import backlog

log = logging.getLogger(__name__)

#: The pulse comes every two seconds; a restart of beat or of a worker may miss a few.
OLDEST_PULSE_SECONDS = 30
#: Older work than this means that the workers do not keep up.
OLDEST_WORK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Check:
    """One answer to "is it ready?"."""

    name: str
    ok: bool
    says: str


@require_safe
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """200 while this process answers at all; asks nothing of anybody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """200 when everything that is needed is there, else 503 with what is missing."""
    checks = [_asked(name, check) for name, check in CHECKS.items()]
    is_ready = all(check.ok for check in checks)
    body = {"ready": is_ready, "checks": {check.name: {"ok": check.ok, "says": check.says} for check in checks}}
    return JsonResponse(body, status=200 if is_ready else 503, headers={} if is_ready else {"Retry-After": "5"})


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, without anything that names a person."""
    try:
        lines = list(_metrics())
    except DatabaseError:
        lines = ["martechops_database_up 0"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _database() -> tuple[bool, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True, "answers"


_complete: list[bool] = []


def _migrations() -> tuple[bool, str]:
    """Asked until they are complete; they do not become incomplete while a process lives."""
    if not _complete:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return False, f"{len(missing)} to be applied"
        _complete.append(True)
    return True, "applied"


def _beat() -> tuple[bool, str]:
    age = pulse_age_seconds()
    if age is None:
        return False, "has not been seen yet"
    return age <= OLDEST_PULSE_SECONDS, f"seen {age:.0f} s ago"


def _backlog() -> tuple[bool, str]:
    age = backlog.now().age_seconds
    return age <= OLDEST_WORK_SECONDS, f"oldest work is {age:.0f} s old"


CHECKS: dict[str, Callable[[], tuple[bool, str]]] = {
    "database": _database,
    "migrations": _migrations,
    "beat": _beat,
    "backlog": _backlog,
}


def pulse_age_seconds() -> float | None:
    """How long ago beat, broker and a worker were last seen together; None if never."""
    return pulse.age_seconds(BEAT)


def _asked(name: str, check: Callable[[], tuple[bool, str]]) -> Check:
    try:
        ok, says = check()
    except DatabaseError as error:
        log.warning("readiness: %s failed with %s", name, type(error).__name__)
        return Check(name=name, ok=False, says="cannot be asked: the database refuses")
    return Check(name=name, ok=ok, says=says)


def _metrics() -> Iterator[str]:
    yield from _gauge("martechops_database_up", "Whether the database answers.", 1)
    age = pulse_age_seconds()
    if age is not None:
        yield from _gauge("martechops_beat_age_seconds", "Since beat, broker and a worker were seen together.", age)
    for name, value in asdict(backlog.now()).items():
        yield from _gauge(f"martechops_backlog_{name}", f"Backlog: {name.replace('_', ' ')}.", value)
    counts = wake.counts()
    yield from _metric("martechops_doorbells_rung_total", "counter", "Doorbells rung by this process.", counts.rung)
    yield from _metric("martechops_doorbells_lost_total", "counter", "Doorbells no broker heard.", counts.lost)


def _gauge(name: str, says: str, value: float) -> Iterator[str]:
    return _metric(name, "gauge", says, value)


def _metric(name: str, kind: str, says: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} {says}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value:g}"
