"""Who is told of a request: teams in inbox and chat, people by e-mail and chat; written here, sent by `runtime`."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from campaigns.models import ApprovalRequest, BreakGlass, Campaign, ChatNote, ChatRoom, Letter, PersonalChat, Rollout
from campaigns.queries import approvals
from martechops.people.models import Role, Team, User
from workflows.models import Notice, Workflow

#: Names of letters are made from this.
_NAMES = uuid.UUID("6f0d7a0e-52a6-4c0b-9c3e-3d5a1c8b7e21")
#: State → what became of it, for whoever owns the thing.
_SAYS = {
    "approved": "is approved",
    "changes": "is to be changed before it can be approved",
    "refused": "was refused",
    "stale": "is not what was approved any more",
    "expired": "was not answered in time",
    "withdrawn": "is not asked for any more",
}


def ask(request: ApprovalRequest, *, at: datetime, again: bool = False) -> None:
    """Tell the teams that have to answer."""
    keys = {team for need in request.needs for team in need["teams"]}
    says = "still waits for your approval" if again else "waits for your approval"
    _notice(Team.objects.filter(key__in=keys), request, says, by=request.requested_by, at=at)
    _write(_asked(request, keys), request, says, at=at)


def tell(request: ApprovalRequest, *, by: User | str, at: datetime) -> None:
    """Tell the team that owns the thing where the request stands now."""
    says = _SAYS[request.state] + (f": {request.because}" if request.because else "")
    _notice([request.owner], request, says, by=by, at=at)
    if by != request.requested_by:
        _write([request.requested_by], request, says, at=at)


def went(request: ApprovalRequest, *, refused: str, at: datetime) -> None:
    """Tell the owners what became of the time that was named."""
    says = f"did not go live at its time: {refused}." if refused else "went live at its time"
    _notice([request.owner], request, says, by="approvals", at=at)
    _write([request.requested_by], request, says.rstrip("."), at=at)


def campaign_moved(campaign: Campaign, *, says: str, at: datetime) -> None:
    """Tell the owners what happened to it by the mere passing of time."""
    address = f"/campaigns/{campaign.key}/"
    _tell([campaign.owner], label=f"Campaign {campaign.name}", address=address, says=says, by=None, at=at)


def criterion_moved(workflow: Workflow, *, says: str, at: datetime) -> None:
    """Tell the owners of a workflow how one of its success criteria stands now."""
    address = f"/workflows/{workflow.key}/health/"
    _tell([workflow.owner], label=workflow.name, address=address, says=says, by=None, at=at)


#: What became of a rollout, by the verb.
_MOVED = {
    "begin": "is being rolled out, beginning with {stage}",
    "promote": "goes to {stage} now",
    "complete": "is live for everybody",
    "hold": "is held at {stage} and asks for a decision",
    "go_on": "goes on at {stage}",
    "roll_back": "was rolled back",
    "call_off": "is not rolled out any further",
}


def rollout_moved(rollout: Rollout, *, verb: str, stage: str, because: str = "", by: User | str, at: datetime) -> None:
    """Tell the owners of a workflow what became of a version that is being let out."""
    version, says = rollout.version, _MOVED[verb].format(stage=stage) + (f": {because}" if because else "")
    label, address = f"{version.workflow.name}, version {version.number}", f"/rollouts/{rollout.pk}/"
    _tell(
        [version.workflow.owner],
        label=label,
        address=address,
        says=says,
        by=by if isinstance(by, User) else None,
        at=at,
    )


def campaign_held(campaign: Campaign, *, because: str, to: User | None, at: datetime) -> None:
    """Tell the owners, and whoever scheduled it, that it did not start."""
    says = f"did not start at its time: {because}"
    campaign_moved(campaign, says=says, at=at)
    asked = approvals.newest_of("campaign", campaign.key)
    if asked is not None and to is not None:
        _write([to], asked, says.rstrip("."), at=at)


def glass_was_broken(broken: BreakGlass, *, at: datetime) -> None:
    """Tell every team."""
    version = broken.release.version
    label, address = (
        f"{version.workflow.name}, version {version.number}",
        f"/workflows/{version.workflow.key}/versions/",
    )
    says = f"went live without its approvals: {broken.reason}"
    _tell(Team.objects.order_by("key"), label=label, address=address, says=says, by=broken.by, at=at)


def _asked(request: ApprovalRequest, teams: set[str]) -> list[User]:
    """Who may answer: approvers of the teams that are named, or all; never who wrote it."""
    people = User.objects.filter(is_active=True).exclude(pk__in=request.barred)
    if teams:
        people = people.filter(teams__key__in=teams).distinct()
    return [user for user in people.order_by("pk") if user.has_role(Role.APPROVER)]


def _write(people: Iterable[User], request: ApprovalRequest, says: str, *, at: datetime) -> None:
    """A letter to each who has an address, with the one link that leads to the request, and a note in their chat."""
    people = list(people)
    address = f"{settings.PUBLIC_URL}/approvals/{request.pk}/"
    _note(people, request, f"{request.label} {says}.\n{address}", at=at)
    text = "\n\n".join(part for part in (f"{request.label} {says}.", request.note, address) if part)
    Letter.objects.bulk_create(
        [
            Letter(
                key=uuid.uuid5(_NAMES, f"{request.pk} {user.pk} {request.state} {at.isoformat()}"),
                request=request,
                person=user,
                subject=" ".join(f"{request.label} {says}".split())[:150],
                text=text,
                planned_at=at,
            )
            for user in people
            if user.email
        ],
        ignore_conflicts=True,
    )


def _note(people: Iterable[User], request: ApprovalRequest, text: str, *, at: datetime) -> None:
    """To each who has chosen a chat, for them by name."""
    chats = PersonalChat.objects.filter(person__in=people).select_related("system", "person").order_by("pk")
    ChatNote.objects.bulk_create(
        [
            ChatNote(
                key=uuid.uuid5(_NAMES, f"chat {request.pk} {chat.person_id} {request.state} {at.isoformat()}"),
                person=chat.person,
                mention=chat.member,
                system=chat.system.key,
                text=text if chat.member else f"{chat.person.get_full_name() or chat.person.username}: {text}",
                planned_at=at,
            )
            for chat in chats
        ],
        ignore_conflicts=True,
    )


def _notice(teams: Iterable[Team], request: ApprovalRequest, says: str, *, by: User | str, at: datetime) -> None:
    person = by if isinstance(by, User) else None
    _tell(teams, label=request.label, address=f"/approvals/{request.pk}/", says=says, by=person, at=at)


def _tell(teams: Iterable[Team], *, label: str, address: str, says: str, by: User | None, at: datetime) -> None:
    """A notice to each team, and a note for the chat of those that have one."""
    told = list(teams)
    Notice.objects.bulk_create(
        Notice(owner=team, label=label, address=address, says=says, by=by, at=at) for team in told
    )
    rooms = ChatRoom.objects.filter(owner__in=told).select_related("system").order_by("pk")
    ChatNote.objects.bulk_create(
        [
            ChatNote(
                key=uuid.uuid5(_NAMES, f"{room.owner_id} {address} {says} {at.isoformat()}"),
                owner_id=room.owner_id,
                system=room.system.key,
                text=f"{label} {says.rstrip('.')}.\n{settings.PUBLIC_URL}{address}",
                planned_at=at,
            )
            for room in rooms
        ],
        ignore_conflicts=True,
    )
