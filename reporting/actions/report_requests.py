"""Reports that workflows ask for: facts brought up to date, tables made, verified and kept, requests answered."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import OperationalError, transaction

from martechops.lib import failures
from reporting.actions import projection
from reporting.models import Report
from reporting.queries import verification
from reporting.queries.report_texts import delivered
from reporting.queries.reports import REPORTS, kind_of
from workflows.models import ReportRequest

log = structlog.get_logger()

#: Turns of the projection before a report is made with what there is, and says so.
_TURNS = 20


def answer(*, at: datetime, most: int = 10) -> int:
    """Answer what is asked, oldest first; how many were answered."""
    answered = 0
    while answered < most and _next(at=at):
        answered += 1
    return answered


@transaction.atomic
def _next(*, at: datetime) -> bool:
    asked = ReportRequest.objects.select_for_update(skip_locked=True).filter(state=ReportRequest.State.ASKED)
    request = asked.order_by("pk").first()
    if request is None:
        return False
    try:
        with transaction.atomic():
            request.outcome = _made(request, at=at)
        request.state = ReportRequest.State.DONE
    except OperationalError:
        raise
    except UnknownReport as error:
        request.state, request.outcome = ReportRequest.State.FAILED, {"says": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it did was taken back; the others go on
        log.error("report_not_made", error=failures.place(error))
        says = f"it could not be made: {type(error).__name__}"
        request.state, request.outcome = ReportRequest.State.FAILED, {"says": says}
    request.ended_at = at
    request.save(update_fields=["state", "outcome", "ended_at"])
    return True


class UnknownReport(Exception):
    """There is no report of this name; the message says which there are."""


def _made(request: ReportRequest, *, at: datetime) -> dict[str, Any]:
    """What is sent out later, by the key of each report."""
    named = request.arguments.get("reports") or []
    keys = [named] if isinstance(named, str) else list(named)
    if unknown := [key for key in keys if kind_of(key) is None]:
        there_are = f"there are {', '.join(REPORTS)}, and one of each metric"
        raise UnknownReport(f"there is no report {', '.join(unknown)}; {there_are}")
    for _ in range(_TURNS):
        if not projection.turn(at=at):
            break
    made = [make(key, at=at, run_id=request.run_id) for key in keys]
    return {
        "reports": {
            report.key: delivered(report, address=f"{settings.PUBLIC_URL}/reports/{report.pk}/") for report in made
        }
    }


@transaction.atomic
def make(key: str, *, at: datetime, run_id: int | None = None) -> Report:
    """One report, verified and kept. Raises UnknownReport."""
    kind = kind_of(key)
    if kind is None:
        raise UnknownReport(f"there is no report {key}")
    now = verification.definitions(kind.rests_on)
    former = Report.objects.filter(key=key).order_by("-pk").first()
    table = kind.table(at)
    checks = verification.checks(kind.rests_on, now=now, former=former, at=at)
    return Report.objects.create(
        key=key,
        at=at,
        run_id=run_id,
        table={"title": kind.title, "titles": list(table.titles), "rows": [list(row) for row in table.rows]},
        definitions=now,
        checks=[asdict(check) for check in checks],
        holds=all(check.holds for check in checks),
    )
