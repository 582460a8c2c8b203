"""The way of a content item, from plan to promotion, and which moves are people's own (requirement A9c)."""

from collections.abc import Mapping

#: The columns of the content board, in order.
STATES = ("planned", "draft", "approval", "approved", "published", "promoted")

#: From → to, by people. From review to approved there is no move: that is what others' words come to. Publishing and
#: promoting are a workflow's; an approver may do it by hand where no workflow does.
MOVES: Mapping[str, tuple[str, ...]] = {
    "planned": ("draft",),
    "draft": ("planned", "approval"),
    "approval": ("draft",),
    "approved": ("draft", "published"),
    "published": ("draft", "promoted"),
    "promoted": ("draft",),
}
#: Reaching one of these takes somebody who may approve.
APPROVED = frozenset({"published", "promoted"})
#: What a step that sets fields cannot claim: that others agreed to it, or that it is out.
CLAIMED = frozenset({"approved", *APPROVED})
#: Only here are its words changed in place; changed later, it is a draft again.
EDITABLE = frozenset({"planned", "draft"})


def may_move(*, state: str, to: str) -> bool:
    """Is it a step that a person can take?

    >>> may_move(state="draft", to="approval"), may_move(state="draft", to="published")
    (True, False)
    """
    return to in MOVES.get(state, ())
