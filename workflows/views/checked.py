"""What the lint says of one workflow, as its pages show it: in the editor, beside the map, and at each step."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.engine.spec import Spec
from workflows.lint import BY_CODE, SEVERITIES, Finding, Readiness, Workflow, merged, open_
from workflows.lint.risk import Reason, reasons
from workflows.queries import lint

#: A severity's icon and tone.
LOOKS = {"error": ("circle-x", "bad"), "warning": ("triangle-alert", "warn"), "advice": ("lightbulb", "info")}


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place that takes part in a finding, as a link."""

    workflow: str
    step: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """One finding, with the words that people know its parts by."""

    finding: Finding
    title: str
    icon: str
    tone: str
    #: The team to call, by name; empty where there is none.
    team: str
    #: What its step is called; empty for the workflow as a whole.
    step: str
    #: It is of a draft, beside which another version is live.
    is_of_draft: bool
    #: Where else, if it is between several workflows.
    places: tuple[PlaceLine, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """All of it."""

    #: What has to be mended, the worst first.
    open: tuple[Line, ...]
    #: What its author lets stand, each with the reason.
    standing: tuple[Line, ...]
    #: Not of what is only being edited, nor of a map, which is never switched to.
    readiness: Readiness | None
    #: Why its risk is what it is.
    risk: tuple[Reason, ...]
    #: Names of teams by key.
    teams: Mapping[str, str]

    @property
    def steps(self) -> Mapping[str, tuple[Line, ...]]:
        """What has to be mended at each step, by its key; under "" what is said of the workflow as a whole."""
        found: dict[str, tuple[Line, ...]] = {}
        for line in self.open:
            found[line.finding.step] = (*found.get(line.finding.step, ()), line)
        return found

    @property
    def worst(self) -> str:
        """The highest severity; empty where nothing has to be mended."""
        return self.open[0].finding.severity if self.open else ""


def of(
    key: str, spec: Spec | None, *, content: Mapping[str, Any] | None = None, besides: Collection[str] = ()
) -> Checked:
    """Of a workflow; with `content`, as if that were its draft; without the codes that its page tells `besides`."""
    found = [one for one in merged(lint.findings_of(key, content=content)) if one.code not in besides]
    is_shown = content is None and not (spec and spec.map_only)
    told = lines(sorted(found, key=lambda one: SEVERITIES.index(one.severity)), here=key)
    return Checked(
        open=tuple(line for line in told if not line.finding.ignored_because),
        standing=tuple(line for line in told if line.finding.ignored_because),
        readiness=lint.readiness_of(key) if is_shown else None,
        risk=reasons(spec) if spec else (),
        teams=lint.workspace().teams,
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list says of one workflow."""

    readiness: Readiness | None
    #: Findings that have to be mended, conflicts with others included, and the worst of their severities.
    count: int
    worst: str


def of_all() -> dict[str, Summary]:
    """Of every workflow by its key. One query while nothing has changed."""
    examined = lint.examined()
    found: dict[str, list[Finding]] = {}
    for finding in merged(open_(examined.findings)):
        for key in {place.workflow for place in finding.places}:
            found.setdefault(key, []).append(finding)
    return {
        key: Summary(readiness, len(found.get(key, ())), _worst(found.get(key, ())))
        for key, readiness in examined.readiness.items()
    }


def _worst(findings: Iterable[Finding]) -> str:
    return min((one.severity for one in findings), key=SEVERITIES.index, default="")


def lines(findings: Iterable[Finding], *, here: str = "") -> list[Line]:
    """Findings as pages show them; `here` is the workflow whose page it is, if it is one's."""
    workspace = lint.workspace()
    called = {one.key: one for one in workspace.workflows}
    live = {one.key for one in workspace.workflows if one.state == "live"}
    found = []
    for finding in findings:
        icon, tone = LOOKS[finding.severity]
        places = tuple(_place(place.workflow, place.step, called, here) for place in finding.places)
        found.append(
            Line(
                finding=finding,
                title=BY_CODE[finding.code].title,
                icon=icon,
                tone=tone,
                team=workspace.team_name(finding.team),
                step=_step_name(finding, called),
                is_of_draft=finding.state == "draft" and finding.workflow in live,
                places=places if finding.also else (),
            )
        )
    return found


def _step_name(finding: Finding, called: Mapping[str, Workflow]) -> str:
    """One that is being typed is called by its key."""
    known = called.get(finding.workflow)
    at = known.spec.positions.get(finding.step) if known else None
    return known.spec.steps[at].name if known and at is not None else finding.step


def _place(workflow: str, step: str, called: Mapping[str, Workflow], here: str) -> PlaceLine:
    """A workflow that is gone since keeps its key."""
    known = called.get(workflow)
    position = known.spec.positions.get(step) if known else None
    name = known.spec.steps[position].name if known and position is not None else step
    words = " · ".join(part for part in ("" if workflow == here else known.name if known else workflow, name) if part)
    return PlaceLine(workflow, step, words, f"/workflows/{workflow}/" + (f"?step={step}" if step else ""))
