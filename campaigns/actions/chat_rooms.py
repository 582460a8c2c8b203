"""In which chat a team, or a person, reads what concerns them, besides inbox and e-mail."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns.models import ChatRoom, PersonalChat
from martechops.audit import entries
from martechops.people.models import Team, User
from martechops.people.permissions import check_may
from workflows.models import System


@transaction.atomic
def choose(*, team: Team, system: System | None, by: User, at: datetime) -> None:
    """From now on notices to the team are posted there, too; None: nowhere. Raises NotAllowed and ValidationError."""
    check_may(by, "chat-rooms.edit", ChatRoom(owner=team))
    if system is not None:
        _check_chat(system)
    if system is None:
        ChatRoom.objects.filter(owner=team).delete()
    else:
        ChatRoom.objects.update_or_create(owner=team, defaults={"system": system})
    detail = {"system": system.key if system else ""}
    entries.record(action="chat_room.choose", object_kind="team", object_key=team.key, by=by, at=at, detail=detail)


@transaction.atomic
def choose_own(*, system: System | None, member: str, by: User, at: datetime) -> None:
    """From now on what is written to this person is posted there, too; None: nowhere. Raises ValidationError."""
    if system is None:
        PersonalChat.objects.filter(person=by).delete()
    else:
        row = PersonalChat.objects.select_for_update().filter(person=by).first() or PersonalChat(person=by)
        row.system, row.member = system, member.strip()
        _check_chat(system)
        row.full_clean()
        row.save()
    detail = {"system": system.key if system else ""}
    entries.record(action="chat.choose", object_kind="user", object_key=by.username, by=by, at=at, detail=detail)


def _check_chat(system: System) -> None:
    if system.kind != System.Kind.CHAT:
        raise ValidationError({"system": f"{system.name} is no chat."})
