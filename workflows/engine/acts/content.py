"""Content items: published, and told of on the channels that promote them."""

from dataclasses import replace

from ..conditions import Check
from ..decision import StepTrace
from ..spec import Step
from ..walk import Walk

PUBLISHED, PROMOTED = "published", "promoted"


def publish_content(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """The item goes out on its channels, and is published from then on."""
    return _becomes(walk, step, _told(walk, step, checks, says="published on"), PUBLISHED)


def update_channels(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """The channels that promote it say what is published now; what was published is promoted from then on."""
    found = _told(walk, step, checks, says="updates")
    return _becomes(walk, step, found, PROMOTED) if walk.subject.get("state") == PUBLISHED else found


def _becomes(walk: Walk, step: Step, found: StepTrace, state: str) -> StepTrace:
    """The item's state with it, unless the step was withheld."""
    if found.effect is None or found.effect.refusal or walk.subject.get("state") == state:
        return found
    return replace(found, writes=(walk.write(step, "state", state),))


def _told(walk: Walk, step: Step, checks: tuple[Check, ...], *, says: str) -> StepTrace:
    written = step.arguments["channels"]
    channels = [written] if isinstance(written, str) else list(written)
    payload = {"content": walk.snapshot.subject_id, "channels": channels, "fields": dict(walk.subject)}
    return walk.plan(step, checks, payload=payload, says=f"{says} {', '.join(channels)}")
