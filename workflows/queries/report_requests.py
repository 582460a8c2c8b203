"""What reporting has made of what a run asked for."""

from collections.abc import Mapping
from typing import Any

from workflows.models import Effect, ReportRequest


class NotYet(Exception):
    """It was asked for and is being made."""


class NotMade(Exception):
    """It was asked for and could not be made; the message says why."""


def made_for(effect_id: int, report: str) -> Mapping[str, Any] | None:
    """What is to be sent of the report; None where the effect's run asked for none. Raises NotYet and NotMade."""
    run_id = Effect.objects.values_list("run_id", flat=True).get(pk=effect_id)
    asked = ReportRequest.objects.filter(run_id=run_id, kind="refresh_reports").order_by("-pk").first()
    if asked is None:
        planned = Effect.objects.filter(kind="refresh_reports", system="", state="planned", run_id=run_id)
        if planned.exists():
            raise NotYet
        return None
    if asked.state == ReportRequest.State.ASKED:
        raise NotYet
    if asked.state == ReportRequest.State.FAILED:
        raise NotMade((asked.outcome or {}).get("says", "it could not be made"))
    found: Mapping[str, Any] | None = ((asked.outcome or {}).get("reports") or {}).get(report)
    return found
