"""What a campaign was and what came of it: one document in its own words, and counts. A fixed number of queries."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Count, QuerySet

from campaigns.models import (
    Approval,
    ApprovalRequest,
    ArchivedCount,
    Campaign,
    CampaignArchive,
    CampaignWorkflow,
    Rollout,
)
from campaigns.queries import checklists, links
from workflows.engine.references import references
from workflows.models import Conversion, Effect, MessageTemplate, Run, Version
from workflows.queries import documents

What = ArchivedCount.What
#: An effect of which more will be known.
_OPEN = (Effect.State.PLANNED, Effect.State.HELD, Effect.State.RESERVED)


def found(campaign: Campaign) -> CampaignArchive | None:
    """What was kept of it, or None."""
    return CampaignArchive.objects.filter(campaign=campaign).select_related("made_by").first()


def under_way(campaign: Campaign) -> tuple[int, int]:
    """How many are still in its workflows, and how many of its effects are still to come."""
    runs = _runs(campaign)
    waiting = runs.filter(state=Run.State.WAITING).count()
    return waiting, Effect.objects.filter(run_id__in=runs.values("pk"), state__in=_OPEN).count()


def people(campaign: Campaign) -> int:
    """Different contacts who went through its workflows."""
    return _runs(campaign).aggregate(found=Count("contact_id", distinct=True))["found"] or 0


def counts(campaign: Campaign) -> Iterator[ArchivedCount]:
    """Rows without an archive yet: runs, messages, other effects, goals."""
    runs = _runs(campaign)
    ids = runs.values("pk")
    versions = {row.pk: row for row in _versions(campaign)}
    keys = {row.workflow_id: row.workflow.key for row in versions.values()}
    for row in _counted(runs, "version_id", "state"):
        yield _count(What.RUN, versions.get(row["version_id"]), row, outcome=row["state"])
    for row in _counted(Effect.objects.filter(run_id__in=ids), "version_id", "kind", "step", "state"):
        what = What.MESSAGE if row["kind"] == "send_message" else What.EFFECT
        said = {"kind": row["kind"], "step": row["step"][:120], "outcome": row["state"]}
        yield _count(what, versions.get(row["version_id"]), row, **said)
    for row in _counted(Conversion.objects.filter(run_id__in=ids), "workflow_id", "name"):
        yield _count(What.GOAL, None, row, workflow=keys.get(row["workflow_id"], ""), kind=row["name"][:160])


def document(campaign: Campaign) -> dict[str, Any]:
    """Plain JSON data, without the people whom it reached."""
    versions = _versions(campaign)
    audience = campaign.audience
    return {
        "campaign": _said(campaign),
        "audience": documents.document_of(audience) if audience else None,
        "workflows": [
            {"key": row.workflow.key, "version": row.number, "digest": row.digest, "content": row.content}
            for row in versions
        ],
        "templates": [documents.document_of(row) for row in _templates(versions)],
        "content": [
            {"key": piece.item.key, "name": piece.item.name, "state": piece.item.state, "body": piece.item.body}
            for piece in campaign.pieces.select_related("item")
        ],
        "links": [
            {"address": one.address, "place": one.place, "answered": one.visit.status if one.visit else None}
            for one in links.registered(campaign)
        ],
        "approvals": list(_approvals(campaign)),
        "checks": _checks(campaign),
        "rollouts": [
            {"version": str(row.version), "at": row.started_at.isoformat(), "by": _name(row.started_by)}
            for row in _rollouts(campaign, versions)
        ],
    }


def _own(campaign: Campaign) -> list[int]:
    own = CampaignWorkflow.objects.filter(campaign=campaign, is_own=True)
    return list(own.values_list("workflow_id", flat=True))


def _runs(campaign: Campaign) -> QuerySet[Run]:
    """Entered since it went live: a workflow may have been there before."""
    if campaign.started_at is None:
        return Run.objects.none()
    return Run.objects.filter(workflow_id__in=_own(campaign), entered_at__gte=campaign.started_at)


def _versions(campaign: Campaign) -> list[Version]:
    """Those that people went through; what would have run, where nobody did."""
    rows = Version.objects.select_related("workflow").order_by("workflow__key", "number")
    ran = set(_runs(campaign).order_by().values_list("version_id", flat=True).distinct())
    if ran:
        return list(rows.filter(pk__in=ran))
    newest = Version.objects.filter(workflow__in=_own(campaign)).exclude(frozen_at=None)
    return list(rows.filter(pk__in=newest.order_by("workflow_id", "-number").distinct("workflow_id").values("pk")))


def _counted(rows: QuerySet[Any], *names: str) -> Iterable[dict[str, Any]]:
    grouped = rows.order_by(*names).values(*names)
    found: Iterable[dict[str, Any]] = grouped.annotate(n=Count("pk"), p=Count("contact_id", distinct=True))
    return found


def _count(
    what: What, version: Version | None, row: dict[str, Any], *, workflow: str = "", **said: str
) -> ArchivedCount:
    return ArchivedCount(
        what=what,
        workflow=version.workflow.key if version else workflow,
        version=version.number if version else None,
        count=row["n"],
        people=row["p"],
        **said,
    )


def _said(campaign: Campaign) -> dict[str, Any]:
    plain = ("campaign_id", "key", "name", "brief", "channels", "currency", "utm", "email_campaign_ids")
    instants = ("starts_at", "ends_at", "started_at", "ended_at")
    return {
        **{name: getattr(campaign, name) for name in (*plain, "crm_campaign_id", "parameters", "approved_digest")},
        **{name: at.isoformat() if (at := getattr(campaign, name)) else None for name in instants},
        "owner": campaign.owner.key,
        "budget": str(campaign.budget) if campaign.budget is not None else None,
        "playbook": str(campaign.playbook) if campaign.playbook else None,
    }


def _templates(versions: Sequence[Version]) -> list[MessageTemplate]:
    contents = [{"kind": "workflow", **version.content} for version in versions]
    keys = {ref.key for one in contents for ref in references(one) if ref.kind == "template"}
    return list(MessageTemplate.objects.filter(key__in=keys).select_related("owner").order_by("key"))


def _approvals(campaign: Campaign) -> Iterator[dict[str, Any]]:
    asked = ApprovalRequest.objects.filter(subject_kind="campaign", subject_key=campaign.key).order_by("pk")
    given: dict[int, list[Approval]] = {}
    for one in Approval.objects.filter(request__in=asked).select_related("user").order_by("pk"):
        given.setdefault(one.request_id, []).append(one)
    for row in asked.select_related("requested_by"):
        yield {
            "digest": row.digest,
            "state": row.state,
            "because": row.because,
            "risk": row.risk,
            "asked_by": _name(row.requested_by),
            "asked_at": row.requested_at.isoformat(),
            "said": [
                {"section": one.section, "verdict": one.verdict, "by": _name(one.user), "comment": one.comment}
                for one in given.get(row.pk, ())
            ],
        }


def _checks(campaign: Campaign) -> list[dict[str, Any]]:
    shown = checklists.shown_now("campaign", campaign.key)
    if shown is None:
        return []
    found = [{"check": line.title, "verdict": line.result.verdict, "says": line.result.says} for line in shown.lines]
    return found + [
        {"check": one.says, "verdict": "signed" if one.signed_at else "not signed", "says": _name(one.signed_by)}
        for one in shown.manual
    ]


def _rollouts(campaign: Campaign, versions: Sequence[Version]) -> list[Rollout]:
    if campaign.started_at is None:
        return []
    rows = Rollout.objects.filter(version__in=versions, started_at__gte=campaign.started_at)
    return list(rows.select_related("version__workflow", "started_by").order_by("started_at"))


def _name(user: Any) -> str:
    return user.username if user else ""
