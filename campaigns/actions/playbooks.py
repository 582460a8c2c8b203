"""Playbooks: published as versions, tried out, and made into a campaign with everything that belongs to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from campaigns import pattern
from campaigns.actions import campaigns
from campaigns.models import Campaign, Playbook, PlaybookVersion
from campaigns.pattern.lifting import lift
from campaigns.queries import playbooks
from campaigns.queries.launch_plans import LaunchPlan, plan
from martechops.audit import entries
from martechops.lib import digest
from martechops.people.models import Team, User
from martechops.people.permissions import check_may
from workflows.actions import content
from workflows.models import ContentItem, Segment, Version, Workflow
from workflows.workspace import applying, writing

#: Who writes definitions of other teams: what a playbook makes is what its owners agreed on when it was published.
BY = "playbook"


class CannotMake(Exception):
    """Nothing was made; `problems` says why, in words."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


@transaction.atomic
def publish(
    document: Mapping[str, Any], *, by: User | str, at: datetime, owner: Team | None = None, note: str = ""
) -> PlaybookVersion:
    """A new version of the playbook that the document names, or the newest where it says the same.

    Raises BadPattern, and NotAllowed for a person outside the owning team.
    """
    found = pattern.read(document)
    playbook = Playbook.objects.select_for_update().filter(key=found.key).first()
    playbook = playbook or Playbook(key=found.key, owner=owner, created_at=at)
    if isinstance(by, User):
        check_may(by, "playbooks.edit", playbook)
    newest = playbook.versions.order_by("-number").first() if playbook.pk else None
    made = digest.of(document)
    if newest and newest.digest == made:
        return newest
    playbook.name = found.name
    playbook.save()
    version = PlaybookVersion.objects.create(
        playbook=playbook,
        number=newest.number + 1 if newest else 1,
        content=document,
        digest=made,
        note=note,
        author=by if isinstance(by, User) else None,
        created_at=at,
    )
    detail = {"version": version.number, "digest": made, "note": note}
    _record("playbook.publish", playbook, by=by, at=at, detail=detail)
    return version


def make_from(
    *, version: Version, key: str, name: str, summary: str, channel: str, audience: str, by: User, at: datetime
) -> PlaybookVersion:
    """A playbook of one's own from a version of a workflow; what it names comes along. Raises BadPattern, NotAllowed.

    It belongs to the team that owns the workflow.
    """
    workflow = version.workflow
    document = lift(
        {**version.content, "key": workflow.key},
        key=key,
        name=name,
        summary=summary,
        channel=channel,
        audience=audience,
        known=playbooks.liftable(),
    )
    return publish(document, owner=workflow.owner, by=by, at=at, note=f"Made from {version}")


@dataclass(frozen=True, slots=True)
class Made:
    """A campaign and what was made with it."""

    campaign: Campaign
    plan: LaunchPlan


def instantiate(
    *, version: PlaybookVersion, said: Mapping[str, Any], owner: Team, by: User | str, at: datetime
) -> Made:
    """A campaign with its segment, templates, workflows and content, all of it or nothing.

    Definitions are written in the playbook's name and agreed, because its owners agreed on them and a parameter can
    only fill in what they left open; the campaign and its workflows are the person's. Raises BadValues, CannotMake and
    NotAllowed.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [applying.LOCK])
        planned = plan(version=version, said=said, owner=owner, at=at)
        if planned.problems:
            raise CannotMake(planned.problems)
        campaign = planned.campaign(owner)
        campaign.playbook, campaign.parameters = version, planned.parameters
        try:
            _write(planned, by=by, at=at, note=f"Made from {version}")
            campaign.audience = Segment.objects.filter(key=planned.audience).first()
            campaigns.save(campaign, by=by, at=at, note=f"Made from {version}")
        except ValidationError as error:
            raise CannotMake(error.messages) from None
        _attach(campaign, planned, by=by, at=at)
        made = [str(change.name) for change in planned.changes]
        detail = {"campaign": campaign.key, "version": version.number, "made": made}
        _record("playbook.instantiate", version.playbook, by=by, at=at, detail=detail)
    return Made(campaign, planned)


def _write(planned: LaunchPlan, *, by: User | str, at: datetime, note: str) -> None:
    """Each by the action that its kind has, in the order in which they refer to one another. Raises CannotMake."""
    ours, theirs = (writing.Writer(by=who, at=at, note=note) for who in (by, BY))
    for change in applying.in_order(planned.changes):
        writer = ours if change.name.kind == "workflow" else theirs
        try:
            writer.write(change)
        except applying.REFUSALS as error:
            raise CannotMake([f"{change.name}: {applying.said(error)}."]) from None


def _attach(campaign: Campaign, planned: LaunchPlan, *, by: User | str, at: datetime) -> None:
    keys = [change.name.key for change in planned.changes if change.name.kind == "workflow"]
    for workflow in Workflow.objects.filter(key__in=keys).order_by("key"):
        campaigns.attach(campaign=campaign, workflow=workflow, by=by, at=at, is_own=True)
    teams = {team.key: team for team in Team.objects.all()}
    items = []
    for row in planned.content:
        item = ContentItem(**{**row, "owner": teams[row["owner"]]}, planned_for=campaign.starts_at)
        items.append(content.save(item, by=BY, at=at))
    campaigns.set_content(campaign=campaign, items=items, by=by, at=at)


def _record(action: str, playbook: Playbook, *, by: User | str, at: datetime, detail: Mapping[str, Any]) -> None:
    entries.record(action=action, object_kind="playbook", object_key=playbook.key, by=by, at=at, detail=detail)
