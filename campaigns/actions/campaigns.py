"""Campaigns: made, changed while they are drafts, and taken through their states."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.text import slugify

from campaigns import lifecycle
from campaigns.actions import approvals, archives, rollouts
from campaigns.lifecycle import EDITABLE, WrongState
from campaigns.models import Campaign, CampaignContent, CampaignWorkflow
from campaigns.queries import checklists, conventions
from martechops.audit import entries
from martechops.lib import history
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.models import Activation, ContentItem, Version, Workflow

#: Addresses below /campaigns/ that are no campaign.
TAKEN = frozenset({"new", "blank", "calendar"})
#: More is a mistake, and would stand in every revision.
LONGEST_BRIEF, MOST_OF_A_LIST = 20_000, 50

#: What an edit can change, besides what hangs on the campaign.
_FIELDS = (
    "name",
    "brief",
    "channels",
    "owner_id",
    "starts_at",
    "ends_at",
    "budget",
    "currency",
    "audience_id",
    "utm",
    "email_campaign_ids",
    "crm_campaign_id",
)


class NotADraft(Exception):
    """It is read-only where it stands; take it back to draft first."""


class ChangedMeanwhile(Exception):
    """Somebody else has written since it was read: what they wrote is not overwritten unseen (FAULTS F18)."""


class NotReady(Exception):
    """The step is possible from here, but something that it needs is missing; the message says what."""


@transaction.atomic
def save(campaign: Campaign, *, by: User | str, at: datetime, note: str = "", expected: str | None = None) -> Campaign:
    """A new campaign, or a draft that was edited; its state changes by `move`. `expected`: its `state_of`, as read.

    Raises ValidationError, NotAllowed, NotADraft and ChangedMeanwhile.
    """
    before = _stored(campaign)
    if before and expected is not None and expected != state_of(before):
        raise ChangedMeanwhile(f"{before.name} was changed since you read it.")
    check(campaign, by=by, before=before)
    campaign.created_at, campaign.updated_at = before.created_at if before else at, at
    if before is None:
        campaign.pk, campaign.campaign_id = _next_number(at)
    history.sign(campaign, by=by, note=note)
    campaign.save(force_insert=before is None)
    detail = {"campaign_id": campaign.campaign_id} if before is None else {"changed": _differences(before, campaign)}
    _record("campaign.change" if before else "campaign.add", campaign, by=by, at=at, detail=detail)
    return campaign


def state_of(campaign: Campaign) -> str:
    """Names what it is now: another one after every edit and every step."""
    return str(campaign.history.order_by("-history_id").values_list("history_id", flat=True).first() or "")


def check(campaign: Campaign, *, by: User | str, before: Campaign | None) -> None:
    """Return if `save` would write it over `before`; raises what `save` raises. Fills in key and order of lists."""
    if isinstance(by, User):
        if before is not None:
            check_may(by, "campaigns.edit", before)
        check_may(by, "campaigns.edit", campaign)
    if before is not None and before.state not in EDITABLE:
        raise NotADraft(f"{before.name} is {lifecycle.label(before.state)}: take it back to draft to change it.")
    campaign.state = before.state if before else lifecycle.State.DRAFT
    campaign.key = before.key if before else campaign.key or slugify(campaign.name)[:120]
    campaign.approved_digest = ""
    if isinstance(campaign.channels, list):
        campaign.channels = sorted({str(channel).strip() for channel in campaign.channels if str(channel).strip()})
    problems = _problems(campaign, before)
    if problems:
        raise ValidationError(problems)


@transaction.atomic
def attach(
    *, campaign: Campaign, workflow: Workflow, by: User | str, at: datetime, is_own: bool = False
) -> CampaignWorkflow:
    """Let the campaign use a workflow; one of its own starts and stops with it. Raises as `save` does."""
    campaign = _draft(campaign, by)
    if workflow.map_only:
        raise ValidationError(f"{workflow.name} only documents how things are: it is never run.")
    row = CampaignWorkflow(campaign=campaign, workflow=workflow, is_own=is_own)
    row.full_clean()
    row.save()
    detail = {"workflow": workflow.key, "is_own": is_own}
    _record("campaign.attach_workflow", campaign, by=by, at=at, detail=detail)
    return row


@transaction.atomic
def detach(*, campaign: Campaign, workflow: Workflow, by: User | str, at: datetime) -> None:
    """Let it go again; the workflow itself stays as it is."""
    campaign = _draft(campaign, by)
    removed, _ = CampaignWorkflow.objects.filter(campaign=campaign, workflow=workflow).delete()
    if removed:
        _record("campaign.detach_workflow", campaign, by=by, at=at, detail={"workflow": workflow.key})


@transaction.atomic
def set_workflows(*, campaign: Campaign, workflows: Sequence[Workflow], by: User | str, at: datetime) -> None:
    """Let these be the standing workflows that it uses, besides its own."""
    there = {part.workflow_id: part for part in campaign.parts.select_related("workflow")}
    wanted = {workflow.pk for workflow in workflows}
    for workflow in workflows:
        if workflow.pk not in there:
            attach(campaign=campaign, workflow=workflow, by=by, at=at)
    for part in there.values():
        if not part.is_own and part.workflow_id not in wanted:
            detach(campaign=campaign, workflow=part.workflow, by=by, at=at)


@transaction.atomic
def set_content(*, campaign: Campaign, items: Sequence[ContentItem], by: User | str, at: datetime) -> None:
    """Let these be the items that it publishes."""
    campaign = _draft(campaign, by)
    wanted, there = {item.pk: item for item in items}, set(campaign.pieces.values_list("item_id", flat=True))
    if set(wanted) == there:
        return
    campaign.pieces.exclude(item_id__in=wanted).delete()
    made = [CampaignContent(campaign=campaign, item=item) for pk, item in wanted.items() if pk not in there]
    CampaignContent.objects.bulk_create(made)
    _record("campaign.set_content", campaign, by=by, at=at, detail={"items": sorted(item.key for item in items)})


@transaction.atomic
def move(*, campaign: Campaign, verb: str, by: User | str, at: datetime, note: str = "", digest: str = "") -> Campaign:
    """Take it a step further, with what that step does. Raises WrongState, NotReady and NotAllowed.

    "approve" is a system's: what the approvals of its sections come to; it names the digest that they agreed to.
    """
    rows = Campaign.objects.select_for_update(of=("self",)).select_related("owner", "audience", "playbook")
    campaign = rows.get(pk=campaign.pk)
    to = lifecycle.after(campaign.state, verb)
    _check_may_move(campaign, verb, by)
    before = campaign.state
    if effect := _EFFECTS.get(verb):
        effect(campaign, by, at)
    campaign.state, campaign.updated_at = to, at
    campaign.approved_digest = digest if verb == "approve" else "" if verb == "return" else campaign.approved_digest
    history.sign(campaign, by=by, note=note.strip() or verb)
    campaign.save()
    detail = {"from": before, "to": str(to), "note": note.strip()} | ({"digest": digest} if digest else {})
    _record(f"campaign.{verb}", campaign, by=by, at=at, detail=detail)
    if verb == "submit" and (digest := approvals.granted_at_once(kind="campaign", key=campaign.key, at=at)):
        return move(campaign=campaign, verb="approve", by="approvals", at=at, digest=digest)
    return campaign


def _check_may_move(campaign: Campaign, verb: str, by: User | str) -> None:
    if isinstance(by, str):
        return
    action = next(step.action for step in lifecycle.TRANSITIONS if step.verb == verb)
    if not action:
        raise WrongState("It is approved by the approvals of its sections, not by a step of its own.")
    check_may(by, action, campaign)


def _submit(campaign: Campaign, by: User | str, at: datetime) -> None:
    _check_complete(campaign)
    if isinstance(by, User):
        approvals.ask(kind="campaign", key=campaign.key, by=by, at=at)


def _take_back(campaign: Campaign, by: User | str, at: datetime) -> None:
    """What was asked for, or agreed to, is not to go live any more."""
    approvals.drop(kind="campaign", key=campaign.key, by=by, at=at)


def _check_complete(campaign: Campaign) -> None:
    missing = [
        words
        for is_there, words in (
            (campaign.brief.strip(), "a brief"),
            (campaign.channels, "a channel"),
            (campaign.starts_at, "the day when it starts"),
            (campaign.audience, "an audience"),
            (campaign.parts.exists() or campaign.pieces.exists(), "a workflow or a content item"),
        )
        if not is_there
    ]
    drafts = _own(campaign).exclude(workflow__versions__frozen_at__isnull=False)
    missing += [f"a frozen version of {row.workflow.name}" for row in drafts]
    if missing:
        raise NotReady(f"Before it can be approved it needs {', '.join(missing)}.")


def _schedule(campaign: Campaign, by: User | str, at: datetime) -> None:
    del by
    if campaign.starts_at is None or campaign.starts_at <= at:
        raise NotReady("Its start is not in the future: start it now, or take it back to draft and give it another.")


def _start(campaign: Campaign, by: User | str, at: datetime) -> None:
    # All at once, in one order, before anything is written: who edits one of them waits, or we do.
    list(Workflow.objects.select_for_update().filter(pk__in=_own(campaign).values("workflow_id")).order_by("pk"))
    if isinstance(by, User):
        check_agreed(campaign, at=at)
    for row in _own(campaign):
        version = row.workflow.versions.exclude(frozen_at=None).order_by("number").last()
        if version is None:
            raise NotReady(f"{row.workflow.name} has no frozen version.")
        _switch_on(version, campaign, by, at)
    campaign.started_at = campaign.started_at or at
    approvals.went(kind="campaign", key=campaign.key, at=at)


def check_agreed(campaign: Campaign, *, at: datetime) -> None:
    """Return if it, whose row is locked, is approved and passes its checks as it is now. Raises NotReady.

    Nobody else writes anything until the end of the transaction.
    """
    if not approvals.still_stands(kind="campaign", key=campaign.key, at=at):
        raise NotReady("It is not what was approved any more: take it back to draft, and ask again.")
    if against := checklists.stands_against_now("campaign", campaign.key):
        raise NotReady(f"It does not pass its checks: {against[0]}")


def _resume(campaign: Campaign, by: User | str, at: datetime) -> None:
    """With what is agreed to; a part of the system, with the versions that were live when it was paused."""
    if isinstance(by, User) and not approvals.still_stands(kind="campaign", key=campaign.key, at=at):
        raise NotReady(
            "What was agreed to has run out, or was changed since: ask for approval again, and go on once it is given."
        )
    for row in _own(campaign):
        frozen = row.workflow.versions.exclude(frozen_at=None)
        last = frozen.filter(activations__isnull=False).order_by("-activations__since", "-activations__pk")
        if version := frozen.order_by("number").last() if isinstance(by, User) else last.first():
            _switch_on(version, campaign, by, at)
    approvals.went(kind="campaign", key=campaign.key, at=at)


def _renew(campaign: Campaign, by: User | str, at: datetime) -> None:
    if isinstance(by, User):
        approvals.ask(kind="campaign", key=campaign.key, by=by, at=at, note="To go on after a pause.")


def agreed_again(*, campaign: Campaign, digest: str, at: datetime) -> Campaign:
    """What was asked for it while it is paused, and its row is locked, is agreed to: it may go on."""
    campaign.approved_digest, campaign.updated_at = digest, at
    history.sign(campaign, by="approvals", note="agreed to again")
    campaign.save()
    _record("campaign.agreed_again", campaign, by="approvals", at=at, detail={"digest": digest})
    return campaign


def _switch_on(version: Version, campaign: Campaign, by: User | str, at: datetime) -> None:
    if Activation.objects.filter(version=version, until=None).exists():
        return
    try:
        rollouts.switch_over(
            version=version, by=by, at=at, note=f"With the campaign {campaign.name}", campaign=campaign
        )
    except rollouts.CannotActivate as error:
        raise NotReady(f"{error}.") from None


def _stop(campaign: Campaign, by: User | str, at: datetime) -> None:
    for row in _own(campaign):
        rollouts.switch_off(workflow=row.workflow, by=by, at=at)


def _end(campaign: Campaign, by: User | str, at: datetime) -> None:
    _stop(campaign, by, at)
    campaign.ended_at = at


def _archive(campaign: Campaign, by: User | str, at: datetime) -> None:
    try:
        archives.keep(campaign, by=by, at=at)
    except archives.StillUnderWay as error:
        raise NotReady(str(error)) from None


#: What a step does besides changing the state.
_EFFECTS: Mapping[str, Callable[[Campaign, User | str, datetime], None]] = {
    "submit": _submit,
    "return": _take_back,
    "cancel": _take_back,
    "schedule": _schedule,
    "start": _start,
    "pause": _stop,
    "resume": _resume,
    "renew": _renew,
    "end": _end,
    "archive": _archive,
}


def _own(campaign: Campaign) -> Any:
    return campaign.parts.filter(is_own=True).select_related("workflow").order_by("workflow_id")


def _stored(campaign: Campaign) -> Campaign | None:
    """The row as it is now, locked; None for a new one."""
    if campaign._state.adding:
        return None
    return Campaign.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=campaign.pk).first()


def _draft(campaign: Campaign, by: User | str) -> Campaign:
    stored = _stored(campaign)
    assert stored is not None
    if isinstance(by, User):
        check_may(by, "campaigns.edit", stored)
    if stored.state not in EDITABLE:
        raise NotADraft(f"{stored.name} is {lifecycle.label(stored.state)}: take it back to draft to change it.")
    return stored


def _problems(campaign: Campaign, before: Campaign | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        campaign.full_clean(exclude=["campaign_id", "created_at", "updated_at"])
    except ValidationError as error:
        found = error.message_dict
    if len(campaign.brief) > LONGEST_BRIEF:
        found.setdefault("brief", []).append(f"At most {LONGEST_BRIEF:,} characters.")
    for name in ("channels", "email_campaign_ids"):
        if isinstance(said := getattr(campaign, name), list) and len(said) > MOST_OF_A_LIST:
            found.setdefault(name, []).append(f"At most {MOST_OF_A_LIST}.")
    if campaign.key in TAKEN:
        found.setdefault("name", []).append("This word has a meaning of its own here; choose another name.")
    is_new_name = before is None or before.name != campaign.name
    if "name" not in found and is_new_name and (says := naming_faults(campaign.name)):
        found["name"] = says
    return found


def naming_faults(name: str) -> list[str]:
    """What is wrong with a campaign's name by the convention in force; nothing where there is none."""
    convention = conventions.in_force("campaign")
    if convention is None:
        return []
    wrong = [check.says for check in convention.explain(name) if not check.holds]
    return [f"A campaign is called {convention.example()}: {'; '.join(wrong)}."] if wrong else []


def _next_number(at: datetime) -> tuple[int, str]:
    """The id of the next row, and what the campaign is known by everywhere: C26-0042."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Campaign._meta.db_table])
        (number,) = cursor.fetchone()
    return number, f"C{at:%y}-{number:04}"


def _differences(before: Campaign, after: Campaign) -> list[str]:
    return [
        name if name == "crm_campaign_id" else name.removesuffix("_id")
        for name in _FIELDS
        if getattr(before, name) != getattr(after, name)
    ]


def _record(action: str, campaign: Campaign, *, by: User | str, at: datetime, detail: Mapping[str, Any]) -> None:
    entries.record(action=action, object_kind="campaign", object_key=campaign.key, by=by, at=at, detail=detail)
