"""What approvals are asked for: one row a kind, with everything that the approvals need to know of it.

A new kind is a function here that answers for many keys in a constant number of queries, and a row of `KINDS`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from campaigns.manifests import Definitions, Manifest, Part, Pin, part_of
from campaigns.models import Campaign, CampaignContent, CampaignWorkflow, Release
from martechops.lib import digest
from martechops.people.models import Team
from workflows.engine.spec import RISKS, Spec
from workflows.lint.risk import reasons
from workflows.models import Activation, ContentItem, Revision, Version, Workflow
from workflows.queries import content, specs

from . import conventions, manifests, playbooks


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing as it is now."""

    kind: str
    key: str
    label: str
    address: str
    manifest: Manifest
    owner: Team
    #: Ids of people who wrote it: they do not agree to it.
    authors: frozenset[int]
    risk: str
    #: Why the risk is that, a sentence each.
    reasons: tuple[str, ...] = ()
    #: Keys of the teams that have to agree.
    teams: tuple[str, ...] = ()
    release: Release | None = None
    #: Versions that go live with it, by id.
    versions: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that is approved."""

    label: str
    #: Answers for those of the keys that there are.
    load: Callable[[Collection[str], Definitions], Mapping[str, Subject]]
    #: The row that an edit locks, by the key of the subject.
    row: Callable[[str], QuerySet[Any]]
    #: What is read-only in review, by the row: kind and key of a `ReviewHold`.
    holds: Callable[[Any], tuple[str, str]]
    #: Who may ask, as a rule of `people.permissions`.
    permission: str


def found(kind: str, keys: Collection[str], *, among: Definitions | None = None) -> Mapping[str, Subject]:
    """Those of the keys that there are, as they are now. Raises LookupError for a kind that there is not."""
    if kind not in KINDS:
        raise LookupError(f"nothing of the kind {kind} is approved")
    return KINDS[kind].load(keys, among or manifests.definitions())


def current(kind: str, key: str, *, among: Definitions | None = None) -> Subject | None:
    """One, or None."""
    return found(kind, [key], among=among).get(key)


def key_of_release(release: Release) -> str:
    return f"{release.workflow.key}/{release.number}"


def _releases(keys: Collection[str], among: Definitions) -> Mapping[str, Subject]:
    named = [key.rpartition("/") for key in keys]
    rows = Release.objects.filter(workflow__key__in={key for key, _, _ in named}).select_related(
        "workflow__owner", "version__workflow"
    )
    chosen = [row for row in rows if key_of_release(row) in set(keys)]
    authors = _authors([row.version for row in chosen])
    asked = _asked_now({row.workflow_id for row in chosen})
    return {key_of_release(row): _release(row, among, authors, asked.get(row.workflow_id, ())) for row in chosen}


def _asked_now(workflows: Collection[int]) -> Mapping[int, tuple[str, ...]]:
    """Teams that the live version of each workflow names: who takes a team off the file needs its word for that."""
    live = Activation.objects.filter(workflow__in=workflows, until=None).select_related("version")
    return {row.workflow_id: specs.of(row.version).spec.approvers for row in live}


def _release(row: Release, among: Definitions, authors: Mapping[int, set[int]], asked_now: tuple[str, ...]) -> Subject:
    spec = specs.of(row.version).spec
    return Subject(
        kind="release",
        key=key_of_release(row),
        label=f"{row.workflow.name}, version {row.version.number}",
        address=f"/workflows/{row.workflow.key}/versions/",
        manifest=among.manifest(manifests.part(row.version, among)),
        owner=row.workflow.owner,
        authors=frozenset(authors.get(row.version_id, ())),
        risk=row.risk,
        reasons=_reasons(spec),
        teams=tuple(dict.fromkeys((*spec.approvers, *asked_now))),
        release=row,
        versions=frozenset([row.version_id]),
    )


def _reasons(spec: Spec, of: str = "") -> tuple[str, ...]:
    return tuple(f"{of}{reason.name or reason.step}: {reason.because} ({reason.risk} risk)" for reason in reasons(spec))


def _authors(versions: Sequence[Version]) -> Mapping[int, set[int]]:
    """Of each version, who wrote it: its author, and everybody who changed its draft."""
    found: dict[int, set[int]] = {version.pk: set() for version in versions}
    for version in versions:
        if version.author_id is not None:
            found[version.pk].add(version.author_id)
    revised = Revision.objects.filter(version__in=[version.pk for version in versions], author__isnull=False)
    for version_id, author in revised.values_list("version_id", "author_id").distinct().order_by():
        found[version_id].add(int(author or 0))
    return found


def _campaigns(keys: Collection[str], among: Definitions) -> Mapping[str, Subject]:
    rows = list(Campaign.objects.filter(key__in=keys).select_related("owner", "audience", "playbook"))
    parts = list(CampaignWorkflow.objects.filter(campaign__in=rows).values_list("campaign_id", "workflow_id"))
    newest = {version.workflow_id: version for version in _newest({workflow for _, workflow in parts})}
    pieces: dict[int, list[ContentItem]] = {row.pk: [] for row in rows}
    for piece in CampaignContent.objects.filter(campaign__in=rows).select_related("item"):
        pieces[piece.campaign_id].append(piece.item)
    authors = _authors(list(newest.values()))
    history: Any = Campaign.history
    editors: dict[int, set[int]] = {row.pk: set() for row in rows}
    for pk, editor in history.filter(id__in=[row.pk for row in rows], history_user__isnull=False).values_list(
        "id", "history_user_id"
    ):
        editors[pk].add(editor)
    named = _conventions()
    return {
        row.key: _campaign(
            row,
            [newest[workflow] for campaign, workflow in parts if campaign == row.pk and workflow in newest],
            pieces[row.pk],
            among,
            named,
            editors[row.pk].union(
                *(authors[newest[workflow].pk] for c, workflow in parts if c == row.pk and workflow in newest)
            ),
        )
        for row in rows
    }


def _campaign(
    row: Campaign,
    versions: Sequence[Version],
    items: Sequence[ContentItem],
    among: Definitions,
    named: Sequence[tuple[str, str]],
    authors: set[int],
) -> Subject:
    read = [specs.of(version).spec for version in versions]
    things = [*named, *([("segment", row.audience.key)] if row.audience else [])]
    roots: list[Part] = [manifests.part(version, among) for version in versions]
    roots += [among.parts[thing] for thing in things if thing in among.parts]
    roots += [part_of(("content", item.key), item.said) for item in items]
    own = Pin("campaign", row.key, digest.of(_said(row, _CAMPAIGN)))
    return Subject(
        kind="campaign",
        key=row.key,
        label=f"Campaign {row.name}",
        address=f"/campaigns/{row.key}/",
        manifest=Manifest.of({own, *among.pins(*roots)}),
        owner=row.owner,
        authors=frozenset(authors),
        risk=max((spec.risk for spec in read), key=RISKS.index, default="low"),
        reasons=tuple(says for spec in read for says in _reasons(spec, f"{spec.name}, ")),
        teams=tuple(dict.fromkeys((*playbooks.approvers_of(row), *(team for spec in read for team in spec.approvers)))),
        versions=frozenset(version.pk for version in versions),
    )


def _contents(keys: Collection[str], among: Definitions) -> Mapping[str, Subject]:
    del among
    rows = list(ContentItem.objects.filter(key__in=keys).select_related("owner"))
    authors = content.authors([row.pk for row in rows])
    return {
        row.key: Subject(
            kind="content",
            key=row.key,
            label=f"{row.get_kind_display()} {row.name}",
            address=f"/content/{row.pk}/",
            manifest=Manifest.of(part_of(("content", row.key), row.said).pins),
            owner=row.owner,
            authors=frozenset(authors[row.pk]),
            risk="medium",
            reasons=("It is published in the company's name (medium risk)",),
        )
        for row in rows
    }


def _newest(workflows: Collection[int]) -> QuerySet[Version]:
    """What would go live: of each workflow the newest frozen version."""
    return (
        Version.objects.filter(workflow__in=workflows)
        .exclude(frozen_at=None)
        .order_by("workflow_id", "-number")
        .distinct("workflow_id")
        .select_related("workflow")
    )


def _conventions() -> list[tuple[str, str]]:
    rows = conventions.rows_in_force("campaign", "utm")
    return [("convention", row.key) for row in rows.values()]


#: What of a campaign is agreed to: all that people get to see, and nothing of where it stands.
_CAMPAIGN = (
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


def _said(row: Model, names: Sequence[str]) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in names}
    return {name: value if isinstance(value, list | dict | int | None) else str(value) for name, value in found.items()}


KINDS: Mapping[str, Kind] = {
    "release": Kind(
        "Release",
        _releases,
        lambda key: Workflow.objects.filter(key=key.rpartition("/")[0]),
        lambda row: ("workflow", row.key),
        "workflows.edit",
    ),
    "campaign": Kind(
        "Campaign",
        _campaigns,
        lambda key: Campaign.objects.filter(key=key),
        lambda row: ("campaign", row.key),
        "campaigns.edit",
    ),
    "content": Kind(
        "Content item",
        _contents,
        lambda key: ContentItem.objects.filter(key=key),
        lambda row: ("content", row.key),
        "content.edit",
    ),
}
