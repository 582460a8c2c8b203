"""In which chat a team reads what concerns it, besides its inbox and e-mail."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns.models import ChatRoom
from martechops.audit import entries
from martechops.people.models import Team, User
from martechops.people.permissions import check_may
from workflows.models import System


@transaction.atomic
def choose(*, team: Team, system: System | None, by: User, at: datetime) -> None:
    """From now on notices to the team are posted there, too; None: nowhere. Raises NotAllowed and ValidationError."""
    check_may(by, "chat-rooms.edit", ChatRoom(owner=team))
    if system is not None and system.kind != System.Kind.CHAT:
        raise ValidationError({"system": f"{system.name} is no chat."})
    if system is None:
        ChatRoom.objects.filter(owner=team).delete()
    else:
        ChatRoom.objects.update_or_create(owner=team, defaults={"system": system})
    detail = {"system": system.key if system else ""}
    entries.record(action="chat_room.choose", object_kind="team", object_key=team.key, by=by, at=at, detail=detail)
