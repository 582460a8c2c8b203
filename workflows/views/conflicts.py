"""What workflows do to each other: all that is live or drafted together, and the maps of how things are."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from workflows.lint import BY_CODE, CHECKS, Workspace, merged
from workflows.queries import lint

from . import checked, loop_drawing
from .checked import Line

RUNNING, DOCUMENTED = "running", "documented"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One conflict; a loop has its picture."""

    line: Line
    picture: SafeString | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the address."""

    kind: str
    team: str
    workflow: str
    of: str

    def takes(self, line: Line, *, documented: bool) -> bool:
        finding = line.finding
        return (
            self.kind in ("", finding.code)
            and self.team in ("", finding.team)
            and (not self.workflow or finding.concerns(self.workflow))
            and self.of in ("", DOCUMENTED if documented else RUNNING)
        )

    def __bool__(self) -> bool:
        return bool(self.kind or self.team or self.workflow or self.of)


def listing(request: HttpRequest) -> HttpResponse:
    """Conflicts with the team to call, those of what runs before those of what is only documented."""
    examined = lint.examined()
    maps = {one.key for one in examined.workspace.workflows if one.documented}
    found = checked.lines(merged(one for one in examined.findings if BY_CODE[one.code].together))
    asked = Asked(*(request.GET.get(name, "") for name in ("kind", "team", "workflow", "of")))
    shown = [line for line in found if asked.takes(line, documented=line.finding.workflow in maps)]
    groups = [
        ("Between what is live or drafted", "radio", [line for line in shown if line.finding.workflow not in maps]),
        ("On maps of how things are today", "book-open", [line for line in shown if line.finding.workflow in maps]),
    ]
    return render(
        request,
        "workflows/conflicts.html",
        {
            "groups": [(title, icon, [_conflict(line) for line in lines]) for title, icon, lines in groups if lines],
            "count": len(shown),
            "asked": asked,
            "running": len({one.key for one in examined.workspace.workflows} - maps),
            **_choices(found, examined.workspace),
        },
    )


def _conflict(line: Line) -> Conflict:
    if line.finding.code != "RUN003":
        return Conflict(line, None)
    places = [(*_split(place.label), place.href) for place in line.places]
    return Conflict(line, mark_safe(loop_drawing.draw(places)))  # noqa: S308  (its words are escaped where they are put)


def _split(label: str) -> tuple[str, str]:
    workflow, _, step = label.partition(" · ")
    return workflow, step


def _choices(found: Iterable[Line], workspace: Workspace) -> dict[str, object]:
    """What there is to choose, whether or not it would show anything now."""
    teams = {line.finding.team: line.team for line in found if line.finding.team}
    concerned = {place.workflow for line in found for place in line.places}
    return {
        "kinds": [(check.code, check.title) for check in CHECKS if check.together],
        "teams": sorted(teams.items(), key=lambda one: one[1]),
        "workflows": sorted({one.key: one.name for one in workspace.workflows if one.key in concerned}.items()),
    }
