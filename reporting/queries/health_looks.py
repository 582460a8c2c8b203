"""What the last look at the workspace's health found."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reporting.health import Approvals, Finding, Look, Sample, StepFigure
from reporting.models import HealthLook


def newest() -> Look | None:
    """As it was kept; None: nobody has looked yet. One query."""
    row = HealthLook.objects.first()
    return _read(row.found) if row else None


def _read(plain: Mapping[str, Any]) -> Look:
    return Look(
        at=datetime.fromisoformat(plain["at"]),
        days=plain["days"],
        findings=tuple(_finding(one) for one in plain["findings"]),
        steps=tuple(StepFigure(**one) for one in plain["steps"]),
        approvals=Approvals(**plain["approvals"]),
    )


def _finding(plain: Mapping[str, Any]) -> Finding:
    return Finding(**{**plain, "samples": tuple(Sample(**one) for one in plain["samples"])})
