"""Checklists as pages and approvals read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.models import Checklist, CheckResult, ManualCheck
from campaigns.qa.checks import CHECKS

_TITLES = {check.code: check.title for check in CHECKS}
#: Icon and tone of each verdict, and of each thing that was seen.
_LOOKS = {
    "passed": ("circle-check", "good"),
    "warned": ("triangle-alert", "warn"),
    "failed": ("circle-x", "bad"),
    "idle": ("circle-dashed", ""),
    "good": ("check", "good"),
    "bad": ("x", "bad"),
    "unsure": ("circle-help", "warn"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One automatic check."""

    result: CheckResult
    title: str
    icon: str
    tone: str
    #: What it saw, the worst first, each with its icon and tone.
    seen: Sequence[tuple[dict[str, Any], str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One list with everything on it."""

    checklist: Checklist
    lines: Sequence[Line]
    manual: Sequence[ManualCheck]
    #: It is of a launch that has changed since.
    is_behind: bool

    @property
    def stands_against(self) -> Sequence[str]:
        """What has to be put right or signed before anything goes live, in words; empty if nothing."""
        said = [f"{line.title}: {line.result.says}" for line in self.lines if is_against(line.result)]
        said += [f"not signed: {one.says}" for one in self.manual if one.blocking and one.signed_at is None]
        if self.checklist.problem:
            said.append(self.checklist.problem)
        return said


def is_against(result: CheckResult) -> bool:
    return result.blocking and result.verdict == CheckResult.Verdict.FAILED


def newest(kind: str, key: str) -> Checklist | None:
    """The last one of a launch, whatever its digest."""
    return Checklist.objects.filter(kind=kind, key=key).order_by("-checked_at", "-pk").first()


def shown(kind: str, key: str, *, digest: str) -> Shown | None:
    """The list at this digest, or the last one, marked as behind; None where nothing was checked yet. Three queries."""
    checklist = Checklist.objects.filter(kind=kind, key=key, digest=digest).first() or newest(kind, key)
    if checklist is None:
        return None
    manual = checklist.manual.select_related("team", "signed_by")
    lines = [_line(result) for result in checklist.results.all()]
    return Shown(checklist, lines, list(manual), is_behind=checklist.digest != digest)


def _line(result: CheckResult) -> Line:
    icon, tone = _LOOKS[result.verdict]
    order = ("bad", "unsure", "good")
    seen = sorted(result.evidence, key=lambda one: order.index(one["found"]))
    return Line(result, _TITLES.get(result.code, result.code), icon, tone, [(one, *_LOOKS[one["found"]]) for one in seen])
