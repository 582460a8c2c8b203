"""Everything that can be said about a step, as sections of controls: one table for each kind of step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.engine.action_kinds import ACTIONS, Argument

from .controls import Control

Step = Mapping[str, Any]
#: What makes a step one of a kind; any other is one that acts.
KINDS = ("wait", "choose", "split", "approve", "handoff", "stop")


@dataclass(frozen=True, slots=True)
class Section:
    """Controls that belong together."""

    key: str
    title: str
    icon: str
    controls: tuple[Control, ...]
    #: Folded away until it is asked for.
    is_folded: bool = False
    help: str = ""


def kind_of(step: Step) -> str:
    """ "act", or which of the other kinds it is."""
    return next((kind for kind in KINDS if kind in step), "act")


def sections(step: Step, *, map_only: bool = False) -> list[Section]:
    """The form of one step."""
    kind = kind_of(step)
    found = [
        Section("step", "Step", "square-pen", _HEAD),
        Section("six", "Six fields", "list-checks", tuple(_six(step, kind, map_only))),
    ]
    if kind in _PARTS:
        title, icon, make = _PARTS[kind]
        found.append(Section(kind, title, icon, tuple(make(step))))
    if kind == "act":
        arguments = tuple(_arguments(step))
        if arguments and not map_only:
            found.append(Section("with", "With", "sliders-horizontal", arguments))
        found.append(Section("guards", "Guards", "shield-check", GUARDS, is_folded=not step.get("guards")))
    if kind in ("act", "stop"):
        found.append(Section("rule", "Only if", "funnel", (_RULE,), is_folded="when" not in step))
    more = (*_MORE, _AFTER) if map_only else _MORE
    is_said = any(control.path[0] in step for control in more)
    found.append(Section("more", "Time, risk and purpose", "timer", more, is_folded=not is_said))
    return found


def controls(step: Step, *, map_only: bool = False) -> list[Control]:
    """All of its controls."""
    return [control for section in sections(step, map_only=map_only) for control in section.controls]


_HEAD = (
    Control("name", "Name"),
    Control("key", "Key", help="What files, ways and criteria call it."),
)
_RULE = Control("when", "Rule", "rule", help="Without a rule it always happens.")
_AFTER = Control("after", "Follows", "checks", "steps", help="On a map that is not run, steps may stand side by side.")
_MORE = (
    Control("expected", "Expected within", "span"),
    Control("risk", "Risk, if higher than computed", "select", "risks"),
    Control("serves", "Serves", "checks", "criteria", help="The success criteria that it is there for."),
    Control("marks", "Marks", "checks", "marks", help="Where data enters the workflow, and where it leaves."),
    Control("note", "Note", "area"),
)


def _six(step: Step, kind: str, map_only: bool) -> Iterator[Control]:
    yield Control("stage", "Stage", "select", "stages_of_work", is_asked=True)
    yield Control("trigger", "Trigger", "text", "event_names", help="What makes it begin, in words.", is_asked=True)
    yield Control("system", "System", "select", "systems", is_asked=True)
    if kind == "act":
        yield Control("action", "Action", "text" if map_only else "select", "actions", is_asked=True)
    yield Control("owner", "Owner", "select", "teams", is_asked=True)
    yield Control("output", "Output", help="What is there afterwards.", is_asked=True)


GUARDS = (
    Control("guards.require", "These must be known", "picks", "paths"),
    Control("guards.valid", "These must be valid", "checks", "valid"),
    Control("guards.consent", "Consent for", "consent", "channels"),
    Control("guards.once_per", "Once", "once"),
    Control("guards.limit.at_most", "At most", "number", help="Messages of this channel to one contact."),
    Control("guards.limit.per", "In a span of", "span"),
    Control("guards.window.days", "On these days", "text", "days"),
    Control("guards.window.from", "From", "text", "clock"),
    Control("guards.window.to", "To", "text", "clock"),
    Control("guards.window.timezone", "By the clock of", "text", "timezones"),
    Control("guards.approval", "A person lets it go", "approval", "teams"),
)


def _wait(step: Step) -> Iterator[Control]:
    yield Control("wait.for", "Wait", "span", help="Also the longest that it waits for something to happen.")
    yield Control("wait.until.event", "Or until", "select", "events")
    yield Control("wait.until.where", "Which is like this", "rule")
    yield Control("wait.until.date", "Or until the date", "select", "dates")
    yield Control("wait.until.before", "So long before it", "span")
    yield Control("wait.until.after", "So long after it", "span")


def _choose(step: Step) -> Iterator[Control]:
    for i, way in enumerate(_ways(step, "choose")):
        if isinstance(way, Mapping) and "else" in way:
            yield Control(f"choose.{i}.else", "Everyone else goes to", "select", "ways")
        else:
            yield Control(f"choose.{i}.when", f"Way {i + 1}: who", "rule")
            yield Control(f"choose.{i}.go", f"Way {i + 1}: goes to", "select", "ways")


def _split(step: Step) -> Iterator[Control]:
    for i, _ in enumerate(_ways(step, "split")):
        yield Control(f"split.{i}.share", f"Way {i + 1}: of a hundred", "number")
        yield Control(f"split.{i}.go", f"Way {i + 1}: goes to", "select", "ways")


def _ways(step: Step, name: str) -> list[Any]:
    ways = step.get(name)
    return ways if isinstance(ways, list) else []


def _approve(step: Step) -> Iterator[Control]:
    yield Control("approve.team", "Who is asked", "select", "teams")
    yield Control("approve.says", "What they are asked", "area")
    yield Control("approve.within", "Within", "span")
    yield Control("approve.else", "On a no, or no answer, go to", "select", "ways")


def _handoff(step: Step) -> Iterator[Control]:
    yield Control("handoff.to", "To", "select", "teams")
    yield Control("handoff.payload", "With these values", "picks", "paths")
    yield Control("handoff.within", "Within", "span")
    yield Control("handoff.accept", "Wait until it is accepted", "yes_no")
    yield Control("handoff.else", "If it is refused or not accepted, go to", "select", "ways")


def _stop(step: Step) -> Iterator[Control]:
    yield Control("stop", "Why it ends here", "area")


_PARTS = {
    "wait": ("Wait", "clock", _wait),
    "choose": ("Ways on", "split", _choose),
    "split": ("Ways on, shared out", "shuffle", _split),
    "approve": ("Approval", "user-check", _approve),
    "handoff": ("Hand-off", "arrow-right-left", _handoff),
    "stop": ("Stop", "octagon-x", _stop),
}

#: What an argument takes → the kind of its control.
_TAKES = {
    "text": "text",
    "liquid": "text",
    "value": "single",
    "number": "single",
    "yes_no": "yes_no",
    "span": "span",
    "texts": "texts",
    "fields": "fields",
    "choice": "select",
    "way": "select",
}
#: What an argument names → the list that it is chosen from.
_NAMES = {
    "field": "fields",
    "stage": "stages",
    "mapping": "mappings",
    "template": "templates",
    "segment": "segments",
    "queue": "queues",
}
_OPEN_LISTS = {"queue", "report"}


def _arguments(step: Step) -> Iterator[Control]:
    """What the action asks for, and what stands there although it does not."""
    action = ACTIONS.get(str(step.get("action")))
    if action is None:
        return
    for name, argument in action.arguments.items():
        yield argument_control(name, argument)
    given = step.get("with")
    for name in given if isinstance(given, Mapping) else ():
        if name not in action.arguments and "." not in str(name):
            yield Control(f"with.{name}", str(name).replace("_", " ").capitalize(), "single")


def argument_control(name: str, argument: Argument) -> Control:
    """One argument of an action."""
    kind, source = _TAKES[argument.takes], _NAMES.get(argument.names, "")
    if argument.takes == "way":
        source = "ways"
    elif argument.takes == "choice":
        source = "choice:" + ",".join(argument.choices)
    elif argument.takes == "texts" and source:
        kind = "picks"
    elif source and argument.names not in _OPEN_LISTS:
        kind = "select"
    words = "What stands in {{ … }} is filled in for each contact." if argument.takes == "liquid" else ""
    return Control(f"with.{name}", argument.label, kind, source, words, is_asked=argument.needed)
