"""What people say to a request: agree to sections, ask for changes, refuse; and what comes of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns import policies
from campaigns.actions import approvals, outcomes
from campaigns.actions.approvals import NotOpen, State
from campaigns.manifests import Manifest
from campaigns.models import Approval, ApprovalRequest
from campaigns.policies import Need
from campaigns.queries import approval_subjects, delegations
from martechops.audit import entries
from martechops.people.models import User
from martechops.people.permissions import NotAllowed, check_may
from workflows.actions import comments

Verdict = Approval.Verdict
LONGEST = 4000


class Barred(NotAllowed):
    """Who wrote it does not agree to it, whatever their roles are (four eyes)."""


class Changed(NotOpen):
    """It is not any more what was asked for: the request is stale now."""


def decide(
    *,
    request: ApprovalRequest,
    verdict: str,
    by: User,
    at: datetime,
    sections: Collection[str] = (),
    comment: str = "",
    step: str = "",
    on_behalf_of: User | None = None,
) -> ApprovalRequest:
    """Say one thing of these sections, or of all that one is asked about. Every section having what it takes, the thing
    is approved; whoever refuses or asks for changes ends the request.

    A comment on a step is put at that step, too. Raises NotOpen, Changed (the request is stale then), Barred,
    NotAllowed, and ValidationError for a refusal that does not say why.
    """
    with transaction.atomic():
        decided, stale = _decide(request, verdict, by, at, sections, comment.strip(), step, on_behalf_of)
    if stale:
        raise Changed(f"It was changed meanwhile: {decided.because}")
    return decided


def _decide(
    request: ApprovalRequest,
    verdict: str,
    by: User,
    at: datetime,
    sections: Collection[str],
    comment: str,
    step: str,
    on_behalf_of: User | None,
) -> tuple[ApprovalRequest, bool]:
    row, request = approvals.locked(request)
    word = on_behalf_of or by
    _check(request, verdict, by=by, word=word, at=at, comment=comment)
    if stale := overtaken(request, row, at=at):
        return stale, True
    teams = sorted(word.teams.values_list("key", flat=True))
    for section in _spoken_for(request, teams, sections):
        _vote(request, section, verdict, by=by, word=word, teams=teams, comment=comment, step=step, at=at)
    if step and comment and request.release is not None:
        comments.add(workflow=request.release.workflow, step=step, text=comment, by=by, at=at)
    entries.record(
        action=f"approval.{verdict}",
        object_kind=request.subject_kind,
        object_key=request.subject_key,
        by=by,
        at=at,
        detail={
            "request": request.pk,
            "digest": request.digest,
            "sections": sorted(sections),
            "for": word.username if on_behalf_of else "",
        },
    )
    return _conclude(request, row, verdict, by=by, at=at, comment=comment), False


def overtaken(request: ApprovalRequest, row: Any, *, at: datetime) -> ApprovalRequest | None:
    """The request, which is locked, marked as stale if the thing is not what it was asked for; else None."""
    subject = approval_subjects.current(request.subject_kind, request.subject_key)
    now = subject.manifest if subject else Manifest(())
    if now.digest == request.digest:
        return None
    because = "; ".join(approvals.changes_since(request, now)) + "."
    if outcomes.goes_back(request.subject_kind, row):
        because += " It is a draft again."
    stale = approvals.close(request, row, to=State.STALE, by="approvals", at=at, because=because)
    return outcomes.settle(row, stale, at=at)


@transaction.atomic
def withdraw(*, request: ApprovalRequest, by: User | str, at: datetime, because: str = "") -> ApprovalRequest:
    """As `approvals.withdraw`, and the thing is what it was before it was asked for."""
    row, _ = approvals.locked(request)
    return outcomes.settle(row, approvals.withdraw(request=request, by=by, at=at, because=because), at=at)


def _check(request: ApprovalRequest, verdict: str, *, by: User, word: User, at: datetime, comment: str) -> None:
    check_may(by, "approvals.decide")
    if verdict not in Verdict.values:
        raise ValidationError({"verdict": f"One of {', '.join(Verdict.values)}."})
    if word != by:
        if not delegations.is_given(giver=word, taker=by, at=at):
            raise NotAllowed(f"{word.get_full_name() or word.username} has not asked you to speak for them.")
        check_may(word, "approvals.decide")
    for person in (by, word):
        if person.pk in request.barred:
            raise Barred(
                f"{_barred_because(request, person, by)}, and nobody agrees to their own work: somebody else has to."
            )
    if request.state != State.OPEN:
        raise NotOpen(f"This request is {request.get_state_display().lower()}: {request.because or 'nothing to say'}")
    if request.expires_at <= at:
        raise NotOpen("This request has run out: it has to be asked for again.")
    if verdict != Verdict.APPROVE and not comment:
        raise ValidationError({"comment": "Say why, so that its author knows what to do."})
    if len(comment) > LONGEST:
        raise ValidationError({"comment": f"At most {LONGEST} letters."})


def _barred_because(request: ApprovalRequest, person: User, by: User) -> str:
    """
    >>> _barred_because(ApprovalRequest(requested_by_id=7), User(id=7), User(id=7))
    'You asked for this approval'
    """
    who = "You" if person == by else person.get_full_name() or person.username
    if person.pk == request.requested_by_id:
        return f"{who} asked for this approval"
    return f"{who} wrote what is to be approved, or changed it"


def _spoken_for(request: ApprovalRequest, teams: Collection[str], wanted: Collection[str]) -> list[str]:
    """Sections that the person is asked about. Raises NotAllowed where there is none, or for another one."""
    mine = [need.section for need in approvals.needs(request) if policies.may_speak(need, teams)]
    if strange := set(wanted) - set(mine):
        raise NotAllowed(f"You are not asked about {', '.join(sorted(strange))}.")
    if not mine:
        raise NotAllowed(f"This is for {_named(approvals.needs(request))} to decide.")
    return [section for section in mine if not wanted or section in wanted]


def _named(needs: Collection[Need]) -> str:
    return " and ".join(dict.fromkeys(team for need in needs for team in need.teams)) or "others"


def _vote(
    request: ApprovalRequest,
    section: str,
    verdict: str,
    *,
    by: User,
    word: User,
    teams: list[str],
    comment: str,
    step: str,
    at: datetime,
) -> None:
    """What the person says of a section; who has agreed to it already has said all there is to say."""
    before = Approval.objects.filter(request=request, section=section, user=by).first()
    if before is not None:
        return
    Approval.objects.create(
        request=request,
        section=section,
        digest=request.digest,
        user=by,
        delegated_from=word if word != by else None,
        teams=teams,
        verdict=verdict,
        comment=comment,
        step=step,
        at=at,
    )


def _conclude(
    request: ApprovalRequest, row: Any, verdict: str, *, by: User, at: datetime, comment: str
) -> ApprovalRequest:
    if verdict == Verdict.APPROVE:
        if not policies.are_met(approvals.needs(request), approvals.votes(request)):
            return request
        closed = approvals.close(request, row, to=State.APPROVED, by=by, at=at, because=comment)
    else:
        to = State.CHANGES if verdict == Verdict.ASK else State.REFUSED
        closed = approvals.close(request, row, to=to, by=by, at=at, because=comment)
    return outcomes.settle(row, closed, at=at)
