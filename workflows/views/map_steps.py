"""From a workflow's version to what its map shows: boxes, ways between them, and the six fields in a table. Pure."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import ascii_uppercase

from martechops.lib.path_words import path_words
from workflows.engine.conditions import condition_words
from workflows.engine.spec import ACTIONS, END, Guards, Spec, Step
from workflows.engine.windows import window_words

from .map_layout import MapEdge, MapStep

ENTRY, EXIT = "map-entry", "map-exit"

ICONS = {
    "upsert_record": "database",
    "set_field": "pencil-line",
    "set_stage": "milestone",
    "send_message": "mail",
    "create_task": "clipboard-check",
    "record_conversion": "target",
    "add_to_audience": "user-plus",
    "remove_from_audience": "user-minus",
    "assign_owner": "user-round-check",
    "call_webhook": "webhook",
    "publish_content": "send",
    "update_channels": "megaphone",
    "find_duplicates": "copy",
    "normalise_fields": "wand-sparkles",
    "propose_merge": "merge",
    "refresh_reports": "refresh-cw",
    "verify_definitions": "book-check",
    "distribute_report": "share-2",
    "wait": "clock",
    "choose": "split",
    "stop": "octagon-x",
    "split": "shuffle",
    "approve": "user-check",
    "handoff": "arrow-right-left",
}


#: What the marks of a step say (requirement B2).
MARKS = {
    "enters": "data enters here",
    "leaves-to-sales": "leaves to sales here",
    "leaves-to-reporting": "leaves to reporting here",
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """The six fields of one step (requirement B3), its guards and its ways on, in words."""

    key: str
    name: str
    kind: str
    stage: str
    icon: str
    trigger: str
    system: str
    rule: str
    action: str
    owner: str
    #: Key of the owner team.
    team: str
    output: str
    guards: tuple[str, ...]
    risk: str
    ways: tuple[str, ...]
    arguments: tuple[tuple[str, object], ...]
    expected: str
    #: Where data enters the workflow, and where it leaves (requirement B2), in words.
    marks: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What teams and systems are called, by key."""

    teams: Mapping[str, str]
    systems: Mapping[str, str]

    def team(self, key: str) -> str:
        return self.teams.get(key) or key.replace("-", " ").capitalize()

    def system(self, key: str | None) -> str:
        return (self.systems.get(key) or key.replace("-", " ").capitalize()) if key else ""


def step_rows(spec: Spec, *, names: Names) -> list[StepRow]:
    """The table beside the picture: the same steps, in the same order."""
    placed = _placed(spec)
    return [_row(spec, step, placed[step.key], names) for step in spec.steps]


def map_steps(spec: Spec, *, names: Names, base: str = "", chosen: str = "") -> list[MapStep]:
    """The boxes in order, with an entry mark before and an exit mark after them; each links to `base` with its key."""
    rows = step_rows(spec, names=names)
    boxes = [_box(row, base=base, chosen=chosen, guards=len(row.guards)) for row in rows]
    if not boxes:
        return []
    first, last = boxes[0], boxes[-1]
    begins = spec.trigger.says() if spec.trigger else "Somebody starts it"
    entry = MapStep(
        key=ENTRY, title=begins, kind="entry", stage=first.stage, lane=first.lane, icon="play", says=f"Begins: {begins}"
    )
    done = MapStep(
        key=EXIT, title="Done", kind="exit", stage=last.stage, lane=last.lane, icon="flag", says="The run is through"
    )
    return [entry, *boxes, done] if _ends_by_itself(spec) else [entry, *boxes]


def map_edges(spec: Spec) -> list[MapEdge]:
    """Every way between the boxes, entry and exit included."""
    if not spec.steps:
        return []
    edges = [MapEdge(start=ENTRY, end=spec.steps[0].key)]
    followers = {after for step in spec.steps for after in step.after or ()}
    for at, step in enumerate(spec.steps):
        following = spec.steps[at + 1] if at + 1 < len(spec.steps) else None
        edges += [MapEdge(start=key, end=step.key) for key in step.after or ()]
        if step.after == () and at:
            edges.append(MapEdge(start=ENTRY, end=step.key))
        edges += _ways_on(step, following, is_followed=step.key in followers)
    known = {ENTRY, EXIT, *(step.key for step in spec.steps)}
    edges = [edge for edge in edges if edge.start in known and edge.end in known]
    reached = {edge.end for edge in edges}
    return edges + [MapEdge(start=ENTRY, end=step.key) for step in spec.steps if step.key not in reached]


def with_marks(
    steps: list[MapStep], *, marks: Mapping[str, tuple[str, str]], lit: frozenset[str] = frozenset()
) -> list[MapStep]:
    """The same boxes with a chip (words and tone) on some of them, and those on a run's path lit."""
    return [
        replace(
            step, mark=marks.get(step.key, ("", ""))[0], mark_tone=marks.get(step.key, ("", ""))[1], lit=step.key in lit
        )
        for step in steps
    ]


def lit_edges(edges: list[MapEdge], path: list[str]) -> list[MapEdge]:
    """The edges that a run went along, given the steps it passed in order."""
    pairs = set(itertools.pairwise(path))
    return [replace(edge, lit=(edge.start, edge.end) in pairs) for edge in edges]


def _ends_by_itself(spec: Spec) -> bool:
    return any(edge.end == EXIT for edge in map_edges(spec))


def _ways_on(step: Step, following: Step | None, *, is_followed: bool) -> list[MapEdge]:
    if step.kind == "choose":
        return [
            MapEdge(
                start=step.key,
                end=_end(branch.go),
                label=letter,
                says=f"{letter}: {condition_words(branch.when.document) if branch.when else 'everyone else'}",
            )
            for letter, branch in zip(ascii_uppercase, step.branches, strict=False)
        ]
    if step.kind == "split":
        return [
            MapEdge(start=step.key, end=_end(share.go), label=f"{share.percent} %", says=f"{share.percent} of 100")
            for share in step.shares
        ]
    if step.kind == "stop" and step.when is None:
        return []
    if is_followed or (following and following.after is not None):
        return []
    label, says = ("no", "otherwise it goes on") if step.kind == "stop" else ("", "")
    on = MapEdge(start=step.key, end=following.key if following else EXIT, label=label, says=says)
    return [on, *(MapEdge(start=step.key, end=_end(go), label="else", says=_else_words(step)) for go in step.ways)]


def _else_words(step: Step) -> str:
    """When the other way is gone."""
    if step.approve:
        return "on a no, or no answer in time"
    return "refused, or not accepted in time" if step.handoff else "nobody could be assigned"


def _end(go: str) -> str:
    return EXIT if go == END else go


def _placed(spec: Spec) -> dict[str, tuple[str, str]]:
    """Stage and owner of each step; a wait or a branch that names none stands where the step before it does.

    What is documented without an owner has none: that is a finding, not a gap to fill.
    """
    stage = next((step.stage for step in spec.steps if step.stage), "capture")
    owner = spec.owner
    default = "" if spec.map_only else spec.owner
    places = {}
    for step in spec.steps:
        stage, owner = step.stage or stage, step.owner or (owner if step.kind != "act" else default)
        places[step.key] = (stage, owner)
    return places


def _row(spec: Spec, step: Step, place: tuple[str, str], names: Names) -> StepRow:
    return StepRow(
        key=step.key,
        name=step.name,
        kind=step.kind,
        stage=place[0],
        icon=ICONS.get(step.action or step.kind, "circle-dot"),
        trigger=step.trigger or _trigger_words(spec, step),
        system=names.system(step.system),
        rule=_rule_words(step),
        action=_action_words(step),
        owner=names.team(place[1]),
        team=place[1],
        output=step.output,
        guards=tuple(_guard_words(step.guards)),
        risk=step.computed_risk,
        ways=tuple(edge.says for edge in _ways_on(step, None, is_followed=False)) if step.kind == "choose" else (),
        arguments=tuple(step.arguments.items()),
        expected=str(step.expected or ""),
        marks=tuple(MARKS[mark] for mark in step.marks),
        note=step.note,
    )


def _trigger_words(spec: Spec, step: Step) -> str:
    if spec.steps[0].key == step.key and spec.trigger:
        where = f" where {condition_words(spec.trigger.where.document)}" if spec.trigger.where else ""
        return f"{spec.trigger.says()}{where}"
    return "The step before it"


def _rule_words(step: Step) -> str:
    if step.kind == "choose":
        return "By the first rule that holds"
    return f"If {condition_words(step.when.document)}" if step.when else "Always"


def _action_words(step: Step) -> str:
    if step.wait:
        return f"Wait {step.wait.says()}"
    if step.kind == "stop":
        return f"Stop: {step.reason}"
    if step.kind == "choose":
        return "Choose a way"
    if step.kind == "split":
        return "Share out at random, each contact always the same way"
    if step.approve:
        return f"Ask {step.approve.team}" + (f", within {step.approve.within}" if step.approve.within else "")
    if step.handoff:
        return f"Hand to {step.handoff.to}" + (f", within {step.handoff.within}" if step.handoff.within else "")
    row = ACTIONS.get(step.action or "")
    return row.label if row else (step.action or step.name).replace("_", " ").capitalize()


def _guard_words(guards: Guards) -> list[str]:
    words = [f"{path_words(path)} must be known" for path in guards.require]
    words += [f"{name.replace('_', ' ')} must be valid" for name in guards.valid]
    if guards.consent:
        words.append(f"consent for {guards.consent} must be granted")
    if guards.once_per:
        words.append(f"once per {guards.once_per}")
    if guards.limit:
        words.append(f"at most {guards.limit.at_most} messages in {guards.limit.per}")
    if guards.window:
        words.append(f"only {window_words(guards.window)}")
    if guards.approval is not None:
        words.append(f"a person of {guards.approval or 'the owner team'} lets it go")
    return words


def _box(row: StepRow, *, base: str, chosen: str, guards: int) -> MapStep:
    note = {"wait": row.action.removeprefix("Wait "), "choose": f"{len(row.ways)} ways", "stop": row.action[6:]}
    lane = row.owner or "No owner"
    says = f"{row.name}. {row.action}. Stage {row.stage}, owner {lane}"
    says += f", system {row.system}" if row.system else ""
    says += f", {guards} guards" if guards else ""
    says += f", {row.risk} risk" if row.risk != "low" else ""
    says += "".join(f", {mark}" for mark in row.marks)
    return MapStep(
        key=row.key,
        title=row.name,
        kind=row.kind,
        stage=row.stage,
        lane=lane,
        team=row.team,
        icon=row.icon,
        note=note.get(row.kind, row.system),
        marks=row.marks,
        guards=guards,
        ruled=row.kind == "act" and row.rule != "Always",
        risk=row.risk,
        href=f"{base}step={row.key}" if base else "",
        says=says,
        chosen=row.key == chosen,
    )
