"""Checklists as pages and approvals read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.models import Checklist, CheckResult, ManualCheck
from campaigns.qa.checks import CHECKS

from . import approval_subjects

_TITLES = {check.code: check.title for check in CHECKS}
#: Icon and tone of each verdict, and of each thing that was seen.
_LOOKS = {
    "passed": ("circle-check", "good"),
    "warned": ("triangle-alert", "warn"),
    "failed": ("circle-x", "bad"),
    "idle": ("circle-dashed", ""),
    "good": ("check", "good"),
    "bad": ("x", "bad"),
    "unsure": ("circle-question-mark", "warn"),
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


def shown_now(kind: str, key: str) -> Shown | None:
    """As `shown`, at the digest of the launch as it is now."""
    subject = approval_subjects.current(kind, key)
    return shown(kind, key, digest=subject.manifest.digest) if subject else None


def stands_against(kind: str, key: str, *, digest: str) -> Sequence[str]:
    """What was found at exactly this digest and blocks; nothing where nothing was checked at it."""
    checklist = Checklist.objects.filter(kind=kind, key=key, digest=digest).first()
    found = shown(kind, key, digest=digest) if checklist else None
    return found.stands_against if found else ()


def stands_against_now(kind: str, key: str) -> Sequence[str]:
    """As `stands_against`, of the launch as it is now; that nothing was checked as it is now stands against it, too."""
    subject = approval_subjects.current(kind, key)
    digest = subject.manifest.digest if subject else ""
    if not Checklist.objects.filter(kind=kind, key=key, digest=digest).exists():
        return [
            "nothing was checked of it as it is now; that happens by itself within a minute, or on its page of checks."
        ]
    return stands_against(kind, key, digest=digest)


def _line(result: CheckResult) -> Line:
    icon, tone = _LOOKS[result.verdict]
    order = ("bad", "unsure", "good")
    seen = sorted(result.evidence, key=lambda one: order.index(one["found"]))
    return Line(
        result, _TITLES.get(result.code, result.code), icon, tone, [(one, *_LOOKS[one["found"]]) for one in seen]
    )
