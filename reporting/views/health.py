"""Health: what happens against what is documented, for the workspace and on one workflow's map."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe

from campaigns.queries import criteria
from martechops.lib import clock
from martechops.lib.tabs import Tab
from reporting.health import KINDS, Finding, Kind, StepFigure
from reporting.health.finding import GROUPS
from reporting.queries import health_looks
from reporting.spans import words
from workflows.engine.spec import Spec, Step
from workflows.models import Workflow
from workflows.queries import names, specs, workflows
from workflows.views.map_drawing import draw
from workflows.views.map_layout import ROOMY
from workflows.views.map_steps import Names, map_edges, map_steps, with_marks
from workflows.views.workflows import head

_KINDS: Mapping[str, Kind] = {kind.key: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding, with the names that people know."""

    finding: Finding
    kind: Kind
    team: str
    #: Name and address of the place that it is about; empty where it is about none.
    place: str
    href: str

    @property
    def counts(self) -> str:
        of = f" of {self.finding.of:,}" if self.finding.of else ""
        return f"{self.finding.count:,}{of}"

    @property
    def trend(self) -> tuple[str, str, str]:
        """Against the period before: an icon, its tone, and words."""
        former, now = self.finding.former, self.finding.count
        if former is None:
            return ("minus", "", "nothing to compare with")
        if now == former:
            return ("move-right", "", f"{former:,} before, too")
        worse = now > former or (not now and former > 0)
        return ("trending-up" if now > former else "trending-down", "bad" if worse else "good", f"{former:,} before")


@dataclass(frozen=True, slots=True)
class KindLine:
    """One kind with what was found of it."""

    kind: Kind
    found: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of the address."""

    kind: str
    team: str
    workflow: str

    def takes(self, finding: Finding) -> bool:
        return (
            self.kind in ("", finding.kind)
            and self.team in ("", finding.team)
            and self.workflow in ("", finding.workflow)
        )

    def __bool__(self) -> bool:
        return bool(self.kind or self.team or self.workflow)


def show(request: HttpRequest) -> HttpResponse:
    """Everything that was found, by group and kind, and what was looked for in vain."""
    look = health_looks.newest()
    found = look.findings if look else ()
    asked = Asked(*(request.GET.get(name, "") for name in ("kind", "team", "workflow")))
    lines = _lines(finding for finding in found if asked.takes(finding))
    known = {row.key: row.name for row in names.of_workflows().values()}
    return render(
        request,
        "reporting/health.html",
        {
            "look": look,
            "asked": asked,
            "criteria": criteria.standings(at=clock.now()) if look else [],
            "count": len(lines),
            "groups": [
                (group, shown) for group in GROUPS if (shown := [one for one in lines if one.kind.group == group])
            ],
            "kinds": [KindLine(kind, sum(one.kind == kind.key for one in found)) for kind in KINDS],
            "teams": sorted({(one.team, names.of_teams().get(one.team, one.team)) for one in found if one.team}),
            "workflows": sorted((one, known.get(one, one)) for one in {one.workflow for one in found if one.workflow}),
            "slow": [(words(look.approvals.p50_seconds), words(look.approvals.p90_seconds))] if look else [],
            "former_p50": _before(look.approvals.former_p50_seconds) if look else "",
            "former_p90": _before(look.approvals.former_p90_seconds) if look else "",
        },
    )


def _before(seconds: float | None) -> str:
    return "none before" if seconds is None else f"{words(seconds)} before"


def _lines(found: Iterable[Finding]) -> list[Line]:
    teams, places = names.of_teams(), {row.key: row for row in names.of_workflows().values()}
    return [_line(finding, teams, places.get(finding.workflow)) for finding in found]


def _line(finding: Finding, teams: Mapping[str, str], workflow: Workflow | None) -> Line:
    href = f"/workflows/{finding.workflow}/health/" if workflow else ""
    return Line(
        finding=finding,
        kind=_KINDS[finding.kind],
        team=teams.get(finding.team, finding.team),
        place=workflow.name if workflow else "",
        href=href,
    )


@dataclass(frozen=True, slots=True)
class Overlay:
    """One way to colour a map: what five degrees of heat mean, and what a step's figure is."""

    key: str
    label: str
    #: Words of the five degrees, cool to hot, and where each ends.
    degrees: tuple[tuple[float, str], ...]

    def heat(self, value: float | None) -> int:
        """0 where nothing is known."""
        if value is None:
            return 0
        return next((at for at, (limit, _) in enumerate(self.degrees, start=1) if value <= limit), len(self.degrees))


#: Seconds that half of the runs took; and the share that did not go on.
TIME = Overlay(
    "time",
    "Time",
    ((60, "up to a minute"), (3_600, "an hour"), (86_400, "a day"), (7 * 86_400, "a week"), (float("inf"), "longer")),
)
CONVERSION = Overlay(
    "conversion",
    "Conversion",
    (
        (0.05, "95 % and more go on"),
        (0.15, "85 %"),
        (0.3, "70 %"),
        (0.5, "half"),
        (float("inf"), "fewer than half"),
    ),
)


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step beside the map."""

    step: Step
    figure: StepFigure | None
    heat: int

    @property
    def went_on(self) -> str:
        return _share(self.figure.went_on if self.figure else None)

    @property
    def former_went_on(self) -> str:
        return _share(self.figure.former_went_on if self.figure else None)

    @property
    def p50(self) -> str:
        return words(self.figure.p50_seconds) if self.figure else "—"

    @property
    def p90(self) -> str:
        return words(self.figure.p90_seconds) if self.figure else "—"

    @property
    def former_p50(self) -> str:
        return words(self.figure.former_p50_seconds) if self.figure else "—"


def _share(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.0f} %"


def of_workflow(request: HttpRequest, key: str) -> HttpResponse:
    """Its map in the colours of time or conversion, the same in a table, and what was found of it."""
    line = workflows.found(key)
    if line is None or line.workflow.map_only:
        raise Http404(f"workflow {key}")
    look = health_looks.newest()
    overlay = CONVERSION if request.GET.get("show") == CONVERSION.key else TIME
    spec = specs.of(line.version).spec if line.version else None
    figures = {one.step: one for one in look.steps if one.workflow == key} if look else {}
    lines = _step_lines(spec, figures, overlay) if spec else []
    return render(
        request,
        "reporting/workflow_health.html",
        head(line, request, view="health")
        | {
            "look": look,
            "criteria": criteria.standings(at=clock.now(), keys=[key]) if look else [],
            "overlay": overlay,
            "overlays": [Tab(one.label, f"?show={one.key}", current=one is overlay) for one in (TIME, CONVERSION)],
            "degrees": [(at, says) for at, (_, says) in enumerate(overlay.degrees, start=1)],
            "picture": mark_safe(_picture(spec, lines, line.workflow, overlay)) if spec and spec.steps else "",  # noqa: S308
            "lines": lines,
            "sampled": f"the newest {max((one.runs for one in figures.values()), default=0):,} runs of what is live",
            "line_address": reverse("workflow", args=[key]),
            "found": _lines(one for one in look.findings if one.workflow == key) if look else [],
        },
    )


def _step_lines(spec: Spec, figures: Mapping[str, StepFigure], overlay: Overlay) -> list[StepLine]:
    return [
        StepLine(step, figure, overlay.heat(_value(figure, overlay)) if figure and figure.came else 0)
        for step in spec.steps
        for figure in (figures.get(step.key),)
    ]


def _value(figure: StepFigure, overlay: Overlay) -> float | None:
    if overlay is TIME:
        return figure.p50_seconds
    return None if figure.went_on is None else 1 - figure.went_on


def _picture(spec: Spec, lines: list[StepLine], workflow: Workflow, overlay: Overlay) -> str:
    known = Names(teams=names.of_teams(), systems=names.of_systems())
    heat = {line.step.key: line.heat for line in lines}
    chips = {line.step.key: (_chip(line, overlay), "") for line in lines if line.figure and line.figure.came}
    base = f"/workflows/{workflow.key}/?"
    boxes = with_marks(
        [replace(box, heat=heat.get(box.key, 0)) for box in map_steps(spec, names=known, base=base)],
        marks={key: mark for key, mark in chips.items() if mark[0]},
    )
    return draw(boxes, map_edges(spec), label=f"{overlay.label} on the map of {workflow.name}", geometry=ROOMY)


def _chip(line: StepLine, overlay: Overlay) -> str:
    if overlay is TIME:
        return "" if line.figure is None or line.figure.p50_seconds is None else line.p50
    return "" if line.went_on == "—" else line.went_on
