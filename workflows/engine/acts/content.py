"""Content items: published, and told of on the channels that promote them."""

from collections.abc import Sequence
from dataclasses import replace

from ..conditions import Check
from ..counterfactual.changes import known
from ..decision import StepTrace
from ..spec import Step
from ..walk import Lack, Walk

NOT_AGREED = Lack("nobody else has agreed to it as it is now", (known("content.approved", None),))
PUBLISHED, PROMOTED = "published", "promoted"


def publish_content(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """The item goes out on its channels, and is published from then on; unless nobody agreed to it as it is now."""
    # A rehearsal makes up an item without saying who agreed to it; one that is there says so.
    lacks = [] if walk.subject.get("approved", True) else [NOT_AGREED]
    return _becomes(walk, step, _told(walk, step, checks, says="published on", against=lacks), PUBLISHED)


def update_channels(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """The channels that promote it say what is published now; what was published is promoted from then on."""
    found = _told(walk, step, checks, says="updates")
    return _becomes(walk, step, found, PROMOTED) if walk.subject.get("state") == PUBLISHED else found


def _becomes(walk: Walk, step: Step, found: StepTrace, state: str) -> StepTrace:
    """The item's state with it, unless the step was withheld."""
    if found.effect is None or found.effect.refusal or walk.subject.get("state") == state:
        return found
    return replace(found, writes=(walk.write(step, "state", state),))


def _told(walk: Walk, step: Step, checks: tuple[Check, ...], *, says: str, against: Sequence[Lack] = ()) -> StepTrace:
    written = step.arguments["channels"]
    channels = [written] if isinstance(written, str) else list(written)
    payload = {"content": walk.snapshot.subject_id, "channels": channels, "fields": dict(walk.subject)}
    return walk.plan(step, checks, payload=payload, says=f"{says} {', '.join(channels)}", against=against)
