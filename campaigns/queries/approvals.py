"""Requests for approval as the inbox, Today and the sweep ask for them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from campaigns import policies
from campaigns.manifests import Change, Manifest
from campaigns.models import Approval, ApprovalRequest
from campaigns.policies import Need, Standing, Vote
from martechops.lib import windows
from martechops.lib.windows import Window
from martechops.people.models import Role, Team, User

from . import approval_subjects, delegations, manifests

_IN_FORCE = (ApprovalRequest.State.OPEN, ApprovalRequest.State.APPROVED)


def overtaken() -> list[ApprovalRequest]:
    """Open and approved requests whose thing is not what they were given for. A constant number of queries."""
    requests = list(ApprovalRequest.objects.filter(state__in=_IN_FORCE).order_by("pk"))
    if not requests:
        return []
    known = manifests.definitions()
    digests = {
        (kind, key): subject.manifest.digest
        for kind in {request.subject_kind for request in requests}
        for key, subject in approval_subjects.found(
            kind, {request.subject_key for request in requests if request.subject_kind == kind}, among=known
        ).items()
    }
    return [
        request for request in requests if digests.get((request.subject_kind, request.subject_key)) != request.digest
    ]


def depending_on(kind: str, key: str) -> list[ApprovalRequest]:
    """Open and approved ones that a change of this definition makes stale: it is pinned in what was asked for."""
    standing = ApprovalRequest.objects.filter(state__in=_IN_FORCE, manifest__contains=[[kind, key]])
    found = standing.select_related("owner").order_by("pk")
    return [row for row in found if any(pin[:2] == [kind, key] for pin in row.manifest)]


@dataclass(frozen=True, slots=True)
class Line:
    """One request in a list, and how far it is."""

    request: ApprovalRequest
    #: How many approvals there are of how many that it takes, over all sections.
    have: int
    of: int


def newest_of(kind: str, key: str) -> ApprovalRequest | None:
    """The last one about a thing, however it ended."""
    return ApprovalRequest.objects.filter(subject_kind=kind, subject_key=key).order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class SectionState:
    """One section of a request: what is in it that differs, who has spoken, what is missing."""

    standing: Standing
    approvals: tuple[Approval, ...]
    change: Change
    #: Names of the teams that are asked; empty: any approver.
    teams: tuple[str, ...]
    #: The person who looks may speak about it, and has not yet.
    is_mine: bool

    @property
    def name(self) -> str:
        return self.standing.need.section


def inbox(*, by: User, at: datetime) -> list[Line]:
    """What waits for this person's word: open, not their own work, and not answered by them yet."""
    if not by.has_role(Role.APPROVER):
        return []
    teams = set(by.teams.values_list("key", flat=True))
    for giver in delegations.taken(by=by, at=at):
        teams |= set(giver.teams.values_list("key", flat=True))
    found = _lines(ApprovalRequest.objects.filter(state=ApprovalRequest.State.OPEN, expires_at__gt=at))
    return [line for line in found if _waits_for(line.request, by, teams)]


def asked(*, by: User) -> list[Line]:
    """What this person asked for, newest first."""
    return _lines(ApprovalRequest.objects.filter(requested_by=by)[:50])


def closed(*, before: str = "") -> Window[ApprovalRequest]:
    """What was decided, newest first."""
    rows = ApprovalRequest.objects.exclude(state=ApprovalRequest.State.OPEN)
    return windows.by_id(rows.select_related("owner", "requested_by"), before=before)


def open_ones() -> list[Line]:
    """Everything that waits for anybody."""
    return _lines(ApprovalRequest.objects.filter(state=ApprovalRequest.State.OPEN))


def found(pk: int) -> ApprovalRequest | None:
    """One, with what its page names."""
    related = ("owner", "requested_by", "release__workflow", "release__version__workflow")
    return ApprovalRequest.objects.select_related(*related).filter(pk=pk).first()


def sections(request: ApprovalRequest, *, by: User, at: datetime) -> list[SectionState]:
    """Each section that somebody has to agree to, in their order."""
    given = list(request.approvals.select_related("user", "delegated_from"))
    votes = [
        Vote(one.section, person=one.delegated_from_id or one.user_id, teams=frozenset(one.teams))
        for one in given
        if one.verdict == Approval.Verdict.APPROVE
    ]
    names = dict(Team.objects.values_list("key", "name"))
    own = set(by.teams.values_list("key", flat=True))
    change = difference(request)
    return [
        SectionState(
            standing=policies.standing(need, votes),
            approvals=tuple(one for one in given if one.section == need.section),
            change=_of_section(change, need.section),
            teams=tuple(names.get(team, team) for team in need.teams),
            is_mine=_may_answer(request, by, at)
            and policies.may_speak(need, own)
            and not any(one.section == need.section and one.user_id == by.pk for one in given),
        )
        for need in _needs(request)
    ]


def before(request: ApprovalRequest) -> ApprovalRequest | None:
    """What was approved of this thing last, before it was asked for."""
    return (
        ApprovalRequest.objects.filter(
            subject_kind=request.subject_kind, subject_key__in=_line_of(request), pk__lt=request.pk
        )
        .filter(closed_at__isnull=False, approvals__verdict=Approval.Verdict.APPROVE)
        .exclude(state__in=(ApprovalRequest.State.CHANGES, ApprovalRequest.State.REFUSED))
        .distinct()
        .order_by("-pk")
        .select_related("release__version")
        .first()
    )


def difference(request: ApprovalRequest) -> Change:
    """What it has that the last approved one had not; everything, where none was."""
    last = before(request)
    return Manifest.read(request.manifest).changed_from(Manifest.read(last.manifest) if last else Manifest(()))


def _line_of(request: ApprovalRequest) -> list[str]:
    """Keys of the same thing: a release has a number, and so many before it."""
    if request.release is None:
        return [request.subject_key]
    workflow = request.release.workflow
    return [f"{workflow.key}/{number}" for number in workflow.releases.values_list("number", flat=True)]


def _of_section(change: Change, section: str) -> Change:
    return Change(
        *(
            tuple(pin for pin in pins if pin.section == section)
            for pins in (change.added, change.removed, change.changed)
        )
    )


def _needs(request: ApprovalRequest) -> list[Need]:
    return [Need(need["section"], need["count"], tuple(need["teams"])) for need in request.needs]


def _lines(requests: QuerySet[ApprovalRequest]) -> list[Line]:
    rows = requests.select_related("owner", "requested_by").prefetch_related("approvals")
    return [_line(row) for row in rows]


def _line(request: ApprovalRequest) -> Line:
    given = [one for one in request.approvals.all() if one.verdict == Approval.Verdict.APPROVE]
    votes = [Vote(one.section, one.delegated_from_id or one.user_id, frozenset(one.teams)) for one in given]
    standings = [policies.standing(need, votes) for need in _needs(request)]
    return Line(
        request=request,
        have=sum(min(one.have, one.need.count) for one in standings),
        of=sum(one.need.count for one in standings),
    )


def _waits_for(request: ApprovalRequest, by: User, teams: set[str]) -> bool:
    answered = {one.section for one in request.approvals.all() if one.user_id == by.pk}
    return by.pk not in request.barred and any(
        policies.may_speak(need, teams) and need.section not in answered for need in _needs(request)
    )


def _may_answer(request: ApprovalRequest, by: User, at: datetime) -> bool:
    is_open = request.state == ApprovalRequest.State.OPEN and request.expires_at > at
    return is_open and by.has_role(Role.APPROVER) and by.pk not in request.barred
