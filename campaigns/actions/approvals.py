"""Asking that something may go live, and what ends a request. What people answer is in `verdicts`.

Locks are taken in one order everywhere: the row of the thing (which every edit of it locks too), the request, and then
the end of the audit log, which holds every other write back. Only then is it asked what the thing consists of.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from campaigns import policies
from campaigns.actions import letters, releases
from campaigns.manifests import Manifest
from campaigns.models import Approval, ApprovalRequest, Campaign, Release
from campaigns.policies import Need, Vote
from campaigns.queries import approval_subjects
from campaigns.queries.approval_subjects import KINDS, Subject
from martechops.audit import entries
from martechops.lib.states import WrongState
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.actions import reviews
from workflows.models import Version

State = ApprovalRequest.State


class CannotAsk(WrongState):
    """There is nothing to ask here; the message says why."""


class NotOpen(WrongState):
    """The request was decided, withdrawn or overtaken meanwhile; the message says which."""


@transaction.atomic
def ask_for_version(
    *, version: Version, by: User, at: datetime, note: str = "", go_live_at: datetime | None = None
) -> ApprovalRequest:
    """Ask for a frozen version, with all that it depends on now. Raises as `ask` does, CannotRelease, NotAllowed."""
    release = releases.make(version=version, by=by, at=at, note=note)
    key = approval_subjects.key_of_release(release)
    return ask(kind="release", key=key, by=by, at=at, note=note, go_live_at=go_live_at)


@transaction.atomic
def ask(
    *, kind: str, key: str, by: User, at: datetime, note: str = "", go_live_at: datetime | None = None
) -> ApprovalRequest:
    """Ask whoever the policy names; from now on the thing is read-only. Approved at once where nobody is needed.

    Raises CannotAsk, NotAllowed, and InReview where it is asked for already.
    """
    row = locked_row(kind, key)
    check_may(by, KINDS[kind].permission, row)
    reviews.check_free(*KINDS[kind].holds(row))
    if go_live_at is not None and go_live_at <= at:
        raise CannotAsk("The time to go live is not in the future.")
    entries.hold_back_others()
    subject = approval_subjects.current(kind, key)
    if subject is None:
        raise CannotAsk(f"There is no {kind} {key}.")
    if subject.release is not None and subject.release.digest != subject.manifest.digest:
        raise CannotAsk("Something that it depends on was changed since this release was made: make another.")
    if standing := _in_force(subject, at):
        raise CannotAsk(f"{standing.label} is approved as it is.")
    request = _open(subject, by=by, at=at, note=note, go_live_at=go_live_at)
    if request.state == State.OPEN:
        kind_held, key_held = KINDS[kind].holds(row)
        reviews.hold(
            kind=kind_held,
            key=key_held,
            says=subject.label,
            address=f"/approvals/{request.pk}/",
            digest=request.digest,
            by=by,
            at=at,
        )
        letters.ask(request, at=at)
    return request


@transaction.atomic
def withdraw(*, request: ApprovalRequest, by: User | str, at: datetime, because: str = "") -> ApprovalRequest:
    """Take the question back: it can be edited again. Raises NotOpen and NotAllowed."""
    row, request = locked(request)
    if isinstance(by, User) and by.pk != request.requested_by_id:
        check_may(by, KINDS[request.subject_kind].permission, row)
    if request.state not in (State.OPEN, State.APPROVED):
        raise NotOpen(f"It is {request.get_state_display().lower()} already.")
    return close(request, row, to=State.WITHDRAWN, by=by, at=at, because=because.strip() or "Taken back.")


def drop(*, kind: str, key: str, by: User | str, at: datetime, because: str = "Taken back.") -> None:
    """Withdraw whatever is asked for, or was agreed to, of a thing whose row is locked. Nothing where nothing is."""
    standing = ApprovalRequest.objects.filter(
        subject_kind=kind, subject_key=key, state__in=(State.OPEN, State.APPROVED), went_at=None
    )
    for request in standing.order_by("pk"):
        row, request = locked(request)
        close(request, row, to=State.WITHDRAWN, by=by, at=at, because=because)


def still_stands(*, kind: str, key: str, at: datetime) -> bool:
    """Is the thing, whose row is locked, approved as it is now, or does its risk ask for nobody?

    Nobody else writes anything until the end of the transaction.
    """
    entries.hold_back_others()
    subject = approval_subjects.current(kind, key)
    if subject is None:
        return False
    wanted = policies.needs(risk=subject.risk, sections=subject.manifest.sections(), teams=subject.teams)
    return not wanted or _in_force(subject, at) is not None


def went(*, kind: str, key: str, at: datetime) -> None:
    """A thing, whose row is locked, is live now: what was agreed to has been used."""
    standing = ApprovalRequest.objects.filter(subject_kind=kind, subject_key=key, state=State.APPROVED, went_at=None)
    standing.update(went_at=at)


def granted_at_once(*, kind: str, key: str, at: datetime) -> str:
    """The digest of a thing that was asked for a moment ago and needs nobody; else empty."""
    request = ApprovalRequest.objects.filter(
        subject_kind=kind, subject_key=key, state=State.APPROVED, requested_at=at, needs=[]
    ).first()
    return request.digest if request else ""


def locked_row(kind: str, key: str) -> Any:
    """The row that stands for a thing, locked as every edit locks it. Raises CannotAsk."""
    if kind not in KINDS:
        raise CannotAsk(f"Nothing of the kind {kind} is approved.")
    row = KINDS[kind].row(key).select_for_update(of=("self",)).first()
    if row is None:
        raise CannotAsk(f"There is no {kind} {key}.")
    return row


def locked(request: ApprovalRequest) -> tuple[Any, ApprovalRequest]:
    """The row of what it is about and the request, locked in that order; nobody else writes until the end."""
    row = locked_row(request.subject_kind, request.subject_key)
    request = ApprovalRequest.objects.select_for_update(of=("self",)).select_related("owner").get(pk=request.pk)
    entries.hold_back_others()
    return row, request


def close(
    request: ApprovalRequest, row: Any, *, to: State, by: User | str, at: datetime, because: str = ""
) -> ApprovalRequest:
    """What was decided, of a request that is locked; what it held is free again."""
    was_open = request.state == State.OPEN
    request.state, request.because, request.closed_at = to, because, at
    if to == State.APPROVED:
        request.expires_at = at + policies.APPROVED_FOR
    request.save()
    if was_open:
        held, key = KINDS[request.subject_kind].holds(row)
        reviews.free(kind=held, key=key)
    _record(f"approval.{to}", request, by=by, at=at, because=because)
    letters.tell(request, by=by, at=at)
    return request


def votes(request: ApprovalRequest) -> list[Vote]:
    """Who has agreed to what so far."""
    given = request.approvals.filter(verdict=Approval.Verdict.APPROVE)
    return [Vote(one.section, person=one.delegated_from_id or one.user_id, teams=frozenset(one.teams)) for one in given]


def needs(request: ApprovalRequest) -> tuple[Need, ...]:
    """What it takes, as it was when it was asked for."""
    return tuple(Need(need["section"], need["count"], tuple(need["teams"])) for need in request.needs)


def in_force(*, kind: str, key: str, digest: str, at: datetime) -> ApprovalRequest | None:
    """The approval that holds for exactly this digest, locked; None where there is none."""
    approved = ApprovalRequest.objects.select_for_update(of=("self",)).filter(
        subject_kind=kind, subject_key=key, state=State.APPROVED, digest=digest, expires_at__gt=at
    )
    return approved.order_by("-pk").first()


def in_force_with(campaign: Campaign, release: Release, *, at: datetime) -> ApprovalRequest | None:
    """The approval of a campaign that a release goes live with; None where the release is none of it."""
    subject = approval_subjects.current("campaign", campaign.key)
    if subject is None or release.version_id not in subject.versions:
        return None
    return _in_force(subject, at)


def _in_force(subject: Subject, at: datetime) -> ApprovalRequest | None:
    return in_force(kind=subject.kind, key=subject.key, digest=subject.manifest.digest, at=at)


def _open(subject: Subject, *, by: User, at: datetime, note: str, go_live_at: datetime | None) -> ApprovalRequest:
    sections = subject.manifest.sections()
    wanted = policies.needs(risk=subject.risk, sections=sections, teams=subject.teams)
    request = ApprovalRequest(
        subject_kind=subject.kind,
        subject_key=subject.key,
        release=subject.release,
        label=subject.label,
        address=subject.address,
        owner=subject.owner,
        manifest=subject.manifest.plain,
        digest=subject.manifest.digest,
        sections=sections,
        risk=subject.risk,
        reasons=list(subject.reasons),
        needs=[need.plain for need in wanted],
        barred=sorted(subject.authors | {by.pk}),
        note=note.strip(),
        state=State.OPEN if wanted else State.APPROVED,
        because="" if wanted else "Its risk is low: nobody has to agree.",
        requested_by=by,
        requested_at=at,
        expires_at=at + (policies.OPEN_FOR if wanted else policies.APPROVED_FOR),
        closed_at=None if wanted else at,
        go_live_at=go_live_at,
    )
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError:
        raise CannotAsk(f"{subject.label} is asked for already.") from None
    _record("approval.ask", request, by=by, at=at, because=note)
    return request


def _record(action: str, request: ApprovalRequest, *, by: User | str, at: datetime, because: str) -> None:
    entries.record(
        action=action,
        object_kind=request.subject_kind,
        object_key=request.subject_key,
        by=by,
        at=at,
        detail={"request": request.pk, "digest": request.digest, "risk": request.risk, "because": because},
    )


def changes_since(request: ApprovalRequest, now: Manifest) -> Iterable[str]:
    """What of the things that it was asked for has changed, in words."""
    change = now.changed_from(Manifest.read(request.manifest))
    for verb, pins in (("changed", change.changed), ("added", change.added), ("removed", change.removed)):
        yield from (f"{pin.kind.replace('-', ' ')} {pin.key} was {verb}" for pin in pins)
