"""How each state of the product looks: one word, one tone, one icon, the same on every screen.

The icon and the word carry the meaning; the tone only repeats it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """What a state is called and drawn as."""

    label: str
    tone: str
    icon: str


LOOKS: dict[str, Look] = {
    # versions and workflows
    "draft": Look("Draft", "", "pencil-line"),
    "in_review": Look("In review", "info", "eye"),
    "live": Look("Live", "good", "radio"),
    "documented": Look("Documented only", "", "book-open"),
    "map_only": Look("Documented only", "", "book-open"),
    "finishing": Look("Finishing", "warn", "hourglass"),
    "rolling_out": Look("Rolling out", "info", "rocket"),
    "stopped": Look("Stopped", "", "circle-stop"),
    "retired": Look("Retired", "", "archive"),
    # campaigns
    "approved": Look("Approved", "good", "badge-check"),
    "changes": Look("Changes asked for", "warn", "message-circle"),
    "stale": Look("Stale", "warn", "history"),
    "expired": Look("Expired", "", "clock"),
    "scheduled": Look("Scheduled", "info", "calendar-clock"),
    "paused": Look("Paused", "warn", "pause"),
    "archived": Look("Archived", "", "archive"),
    # definitions and change requests
    "agreed": Look("Agreed", "good", "handshake"),
    "frozen": Look("Frozen", "info", "snowflake"),
    "requested": Look("Requested", "warn", "git-pull-request-arrow"),
    "applied": Look("Applied", "good", "circle-check"),
    "refused": Look("Refused", "", "circle-x"),
    # imports
    "uploaded": Look("Columns to choose", "warn", "columns-3"),
    "checking": Look("Being checked", "info", "loader"),
    "checked": Look("Checked", "info", "list-checks"),
    # rollouts and their gates
    "rolled_back": Look("Rolled back", "bad", "undo-2"),
    "called_off": Look("Called off", "", "ban"),
    "well": Look("Holds", "good", "circle-check"),
    "at-risk": Look("At risk", "warn", "triangle-alert"),
    "broken": Look("Does not hold", "bad", "circle-x"),
    "pass": Look("Passes", "good", "circle-check"),
    "fail": Look("Fails", "bad", "circle-x"),
    "inconclusive": Look("In doubt", "warn", "circle-question-mark"),
    # runs
    "ready": Look("Ready", "info", "circle-play"),
    "running": Look("Running", "info", "loader"),
    "active": Look("In flight", "info", "circle-play"),
    "waiting": Look("Waiting", "info", "clock"),
    "held": Look("Held", "warn", "pause"),
    "completed": Look("Finished", "good", "circle-check"),
    "finished": Look("Finished", "good", "circle-check"),
    "ended": Look("Ended", "", "circle-check"),
    "holds": Look("Holds", "good", "circle-check"),
    "fails": Look("Fails", "bad", "circle-x"),
    "withheld": Look("Withheld", "warn", "shield-ban"),
    "exited": Look("Left early", "", "log-out"),
    "skipped": Look("Skipped", "", "skip-forward"),
    "failed": Look("Failed", "bad", "circle-x"),
    "cancelled": Look("Cancelled", "", "ban"),
    # effects
    "planned": Look("Planned", "", "calendar-clock"),
    "reserved": Look("Being done", "info", "loader"),
    "done": Look("Done", "good", "circle-check"),
    "uncertain": Look("Uncertain", "bad", "circle-question-mark"),
    "suppressed": Look("Withheld", "warn", "shield-ban"),
    # connections
    "stopped_by_hand": Look("Stopped by hand", "warn", "octagon-x"),
    "disabled": Look("Disabled", "bad", "plug-zap"),
    "breaker_open": Look("Breaker open", "bad", "unplug"),
    "asked_to_wait": Look("Asked to wait", "warn", "hourglass"),
    "trying": Look("Trying again", "info", "refresh-cw"),
    # what a step decided
    "waits": Look("Waits", "info", "clock"),
    "woke": Look("Went on", "info", "alarm-clock"),
    "listing": Look("Being listed", "info", "loader"),
    "listed": Look("To be confirmed", "warn", "list-checks"),
    "left": Look("Left as it is", "", "hand"),
    "cannot": Look("Cannot be undone", "bad", "circle-x"),
    "moved": Look("Moved", "info", "git-branch-plus"),
    "chose": Look("Chose", "accent", "split"),
    # inbound events
    "queued": Look("Queued", "info", "clock"),
    "dismissed": Look("Dismissed", "", "archive-x"),
    "received": Look("Received", "info", "inbox"),
    "pending": Look("Pending", "info", "clock"),
    "claimed": Look("Being handled", "info", "loader"),
    "processed": Look("Handled", "good", "circle-check"),
    "handled": Look("Handled", "good", "circle-check"),
    "ignored": Look("Nothing to do", "", "minus"),
    "quarantined": Look("Quarantined", "warn", "triangle-alert"),
    "dead": Look("Dead letter", "bad", "skull"),
    "replayed": Look("Replayed", "info", "rotate-ccw"),
    "discarded": Look("Discarded", "", "trash-2"),
    # risk
    "low": Look("Low risk", "", "shield"),
    "medium": Look("Medium risk", "warn", "shield-alert"),
    "high": Look("High risk", "bad", "shield-alert"),
    # consent
    "granted": Look("Consent granted", "good", "mail-check"),
    "denied": Look("Consent denied", "bad", "mail-x"),
    "withdrawn": Look("Consent withdrawn", "bad", "mail-x"),
    "missing": Look("No consent on record", "warn", "mail-question-mark"),
    # tasks
    "open": Look("Open", "info", "circle"),
    "closed": Look("Closed", "good", "circle-check"),
    "overdue": Look("Overdue", "bad", "alarm-clock"),
}


def look_of(state: str) -> Look:
    """The look of a state; one that is not listed keeps its own word and no tone.

    >>> look_of("live").label
    'Live'
    >>> look_of("half_done").label
    'Half done'
    """
    known = LOOKS.get(state.lower().replace("-", "_").replace(" ", "_"))
    return known or Look(label=state.replace("_", " ").replace("-", " ").capitalize(), tone="", icon="circle-dot")
