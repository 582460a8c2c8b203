"""Notices reach chats of teams and people: reserved and committed first, then posted, then the outcome is recorded.

They go over the connection of the chat as effects do, with its switch, its rate and its sandbox mode.
"""

from datetime import datetime

from django.db import transaction

from campaigns.models import ChatNote, Letter
from campaigns.runtime.letters import LOST_AFTER
from workflows.connectors.base import Refused, Request, TryLater, Unknown
from workflows.runtime import links
from workflows.runtime.links import Experience, Route

#: Notes of one turn: a chat that is flooded is not read.
AT_ONCE = 10
State = Letter.State


def deliver(*, at: datetime) -> int:
    """Post what is planned, as far as the connections allow it; how many were tried."""
    ChatNote.objects.filter(state=State.RESERVED, reserved_at__lt=at - LOST_AFTER).update(
        state=State.UNCERTAIN, says="its worker went away while it was being posted", ended_at=at
    )
    tried, shut = 0, set[str]()
    while tried < AT_ONCE and (found := _reserve(shut, at)):
        note, route = found
        state, says, seen = _post(note, route)
        links.learn(note.system, seen, at=at)
        ChatNote.objects.filter(pk=note.pk, state=State.RESERVED).update(state=state, says=says, ended_at=at)
        tried += 1
        if state != State.SENT:  # the rest of them waits for the next turn
            shut.add(note.system)
    return tried


@transaction.atomic
def _reserve(shut: set[str], at: datetime) -> tuple[ChatNote, Route] | None:
    """The oldest whose connection takes one now; those that take none are shut for this turn."""
    while True:
        planned = ChatNote.objects.filter(state=State.PLANNED).exclude(system__in=shut).order_by("pk")
        note = planned.select_for_update(skip_locked=True).first()
        if note is None:
            return None
        route = links.ask(note.system, at=at)
        if route is not None and route.connector is not None:
            ChatNote.objects.filter(pk=note.pk).update(state=State.RESERVED, reserved_at=at)
            return note, route
        shut.add(note.system)


def _post(note: ChatNote, route: Route) -> tuple[str, str, Experience]:
    """What came of it, and what it showed about the connection."""
    assert route.connector is not None
    request = Request(
        key=note.key, kind="send_message", content={"text": note.text, "mention": note.mention}, link=route.link
    )
    try:
        receipt = route.connector.perform(request)
    except Refused as error:
        gone = str(error) if error.gone else ""
        return State.FAILED, str(error), Experience(answered=True, failures=0, says=str(error), gone=gone)
    except TryLater as error:
        seen = Experience(answered=False, failures=1, says=str(error), after_seconds=error.after_seconds)
        return State.PLANNED, str(error), seen
    except Unknown as error:
        return State.UNCERTAIN, str(error), Experience(answered=False, failures=1, says=str(error))
    return State.SENT, receipt.says, Experience(answered=True, failures=0)
