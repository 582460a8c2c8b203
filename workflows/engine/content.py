"""The way of a content item, from plan to promotion, and which moves are people's own (requirement A9c)."""

from collections.abc import Mapping

#: The columns of the content board, in order.
STATES = ("planned", "draft", "approval", "published", "promoted")

#: From → to, by people. Publishing and promoting are a workflow's, once somebody has approved; an approver may do it by
#: hand where no workflow does.
MOVES: Mapping[str, tuple[str, ...]] = {
    "planned": ("draft",),
    "draft": ("planned", "approval"),
    "approval": ("draft", "published"),
    "published": ("draft", "promoted"),
    "promoted": ("draft",),
}
#: Reaching one of these takes somebody who may approve.
APPROVED = frozenset({"published", "promoted"})


def may_move(*, state: str, to: str) -> bool:
    """Is it a step that a person can take?

    >>> may_move(state="draft", to="approval"), may_move(state="draft", to="published")
    (True, False)
    """
    return to in MOVES.get(state, ())
