"""What each of the five types of workflow must hold (requirement A9): one table for lint, editor and freezing.

>>> from .parse import attempt
>>> spec = attempt({"key": "w", "type": "quality", "subject": "contact"}).spec
>>> [part.says for part in missing(spec)]
['a data quality workflow looks for duplicates, normalises fields or keeps records in step']
"""

from collections.abc import Callable

from martechops.lib.frozen import dataclass

from .spec import Spec


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that workflows of a type hold."""

    #: Where somebody would add it: "steps", "subject" or "trigger".
    path: str
    #: What it asks for, as a sentence without its full stop.
    says: str
    is_there: Callable[[Spec], bool]
    #: Actions or kinds of step of which one would do; the editor offers them.
    offers: tuple[str, ...] = ()


def missing(spec: Spec) -> tuple[Part, ...]:
    """What its type asks for and it does not hold; nothing is asked of a map of how things are."""
    if spec.map_only:
        return ()
    return tuple(part for part in REQUIRED_PARTS.get(spec.type, ()) if not part.is_there(spec))


def _does(*offers: str, says: str) -> Part:
    """A step of one of these actions or kinds."""

    def is_there(spec: Spec) -> bool:
        return any(step.action in offers or step.kind in offers for step in spec.steps)

    return Part("steps", says, is_there, offers)


def _is_about(*subjects: str, says: str) -> Part:
    return Part("subject", says, lambda spec: spec.subject in subjects)


def _follows_behaviour(spec: Spec) -> bool:
    """By what the contact does, or by timing: an event, segment, stage or schedule begins it, or a step waits."""
    return spec.trigger is not None or any(step.kind == "wait" for step in spec.steps)


REQUIRED_PARTS: dict[str, tuple[Part, ...]] = {
    "routing": (
        _does(
            "assign_owner",
            "create_task",
            "handoff",
            says="a lead routing workflow assigns an owner, creates a task or hands off",
        ),
    ),
    "nurture": (
        _does("send_message", says="a nurture workflow sends at least one message"),
        Part(
            "trigger",
            "a nurture workflow follows what people do, or waits between its messages",
            _follows_behaviour,
            ("wait",),
        ),
    ),
    "content": (
        _is_about("content", says="a content workflow is about content"),
        _does("approve", says="a content workflow has somebody approve"),
        _does("publish_content", says="a content workflow publishes"),
        _does("update_channels", says="a content workflow updates the channels that promote it"),
    ),
    "quality": (
        _is_about("contact", "workspace", says="a data quality workflow is about contacts or the workspace"),
        _does(
            "find_duplicates",
            "normalise_fields",
            "upsert_record",
            says="a data quality workflow looks for duplicates, normalises fields or keeps records in step",
        ),
    ),
    "reporting": (
        _is_about("workspace", says="a reporting workflow is about the workspace"),
        _does(
            "refresh_reports",
            "verify_definitions",
            "distribute_report",
            says="a reporting workflow refreshes, verifies or distributes",
        ),
    ),
}
