"""Findings that a workflow's author lets stand, by the file itself: `lint: {ignore: [{code, step, because}]}`.

>>> read({"lint": {"ignore": [{"code": "MEA003", "step": "archive", "because": "the law asks for it"}]}})
(Ignored(code='MEA003', because='the law asks for it', step='archive'),)
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .finding import Finding
from .workspace import Ignored

#: These speak of the file and of ignoring itself.
NEVER_IGNORED = ("LNT001", "LNT002")


def read(document: Mapping[str, Any]) -> tuple[Ignored, ...]:
    """What the file ignores; an entry that names no code is none."""
    lint = document.get("lint")
    entries = lint.get("ignore") if isinstance(lint, Mapping) else None
    return tuple(
        Ignored(
            code=str(entry["code"]),
            because=str(entry.get("because") or "").strip(),
            step=str(entry.get("step") or ""),
        )
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, Mapping) and entry.get("code")
    )


def marked(findings: Iterable[Finding], ignored: tuple[Ignored, ...]) -> list[Finding]:
    """The findings, those that may stand with the reason."""
    return [replace(finding, ignored_because=_because(finding, ignored)) for finding in findings]


def idle(findings: Iterable[Finding], ignored: tuple[Ignored, ...]) -> list[Ignored]:
    """Entries by which nothing was ignored, although they give a reason."""
    found = list(findings)
    return [one for one in ignored if one.because and not any(_covers(one, finding) for finding in found)]


def _because(finding: Finding, ignored: tuple[Ignored, ...]) -> str:
    return next((one.because for one in ignored if _covers(one, finding)), "")


def _covers(one: Ignored, finding: Finding) -> bool:
    same = one.code == finding.code and one.step in ("", finding.step)
    return same and bool(one.because) and finding.code not in NEVER_IGNORED
