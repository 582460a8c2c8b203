"""Every address that launches send people to, with its tags held against the campaign's, and what it answered last.

Read from the texts themselves, so that a link is in the registry as soon as it is in a message, and gone with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from campaigns import lifecycle, naming
from campaigns.models import Campaign, CampaignContent, CampaignWorkflow, PageVisit, ShortLink
from martechops.lib import digest
from workflows.engine.references import references
from workflows.models import ContentItem, MessageTemplate, Version

from . import short_links, wordings

#: Campaigns that can still reach somebody, or did a while ago.
_SHOWN = [state for state in lifecycle.State if state not in (lifecycle.State.ARCHIVED, lifecycle.State.CANCELLED)]
_MOST = 200


@dataclass(frozen=True, slots=True)
class RegisteredLink:
    """One address in one place of one campaign."""

    campaign: Campaign
    #: Where it stands, as people call it, and its page.
    place: str
    at: str
    address: str
    tags: Mapping[str, str]
    #: Parameters that are missing or other than the campaign's: name and what it should be.
    astray: tuple[tuple[str, str], ...]
    visit: PageVisit | None
    #: By which it stands there, if it does.
    short: ShortLink | None = None


@dataclass(frozen=True, slots=True)
class _Text:
    campaign: Campaign
    place: str
    at: str
    body: str


def registered(campaign: Campaign | None = None) -> list[RegisteredLink]:
    """Those of one campaign, or of all that are not over. Seven queries, however many there are."""
    rows = Campaign.objects.filter(state__in=_SHOWN).order_by("-pk")[:_MOST] if campaign is None else [campaign]
    texts = list(_texts({row.pk: row for row in rows}))
    texts = list({(text.campaign.pk, text.at): text for text in texts}.values())  # a block of two templates, once
    found = [(text, address) for text in texts for address in dict.fromkeys(naming.addresses(text.body))]
    short = short_links.behind(address for _, address in found)
    lead = [(text, short[one].address if one in short else one, short.get(one)) for text, one in found]
    visits = PageVisit.objects.filter(digest__in={_key(one) for _, one, _ in lead}).in_bulk(field_name="digest")
    return [_link(text, address, visits.get(_key(address)), by) for text, address, by in lead]


def to_visit(found: Iterable[RegisteredLink]) -> set[str]:
    """Their addresses, but for those that are filled in for each reader."""
    return {one.address for one in found if naming.is_fixed(one.address)}


def _key(address: str) -> str:
    return digest.of(address)


def _link(text: _Text, address: str, visit: PageVisit | None, short: ShortLink | None) -> RegisteredLink:
    tags = naming.tags(address)
    wanted = {"campaign": text.campaign.name, **text.campaign.utm}
    astray = tuple((name, value) for name, value in wanted.items() if value and tags.get(name) != value)
    return RegisteredLink(text.campaign, text.place, text.at, address, tags, astray, visit, short)


def _texts(campaigns: Mapping[int, Campaign]) -> Iterator[_Text]:
    used = CampaignWorkflow.objects.filter(campaign__in=campaigns, is_own=True).values_list(
        "campaign_id", "workflow_id"
    )
    by_workflow = {workflow: campaigns[pk] for pk, workflow in used}
    versions = (
        Version.objects.filter(workflow__in=by_workflow).order_by("workflow_id", "-number").distinct("workflow_id")
    )
    named: dict[str, list[Campaign]] = {}
    for version in versions:
        for key in _templates(version):
            named.setdefault(key, []).append(by_workflow[version.workflow_id])
    templates = {row.key: row for row in MessageTemplate.objects.filter(key__in=named).order_by("key")}
    blocks = wordings.by_template(templates.values())
    for key, template in templates.items():
        at = f"/vocabulary/template/{template.pk}/"
        for campaign in dict.fromkeys(named[key]):
            yield _Text(campaign, f"template {template.name}", at, f"{template.subject}\n{template.body}")
            yield from (_Text(campaign, one.name, one.at, one.body) for one in blocks[key])
    for piece in CampaignContent.objects.filter(campaign__in=campaigns).select_related("item"):
        is_page = piece.item.kind == ContentItem.Kind.LANDING_PAGE  # there it is itself; it leads nobody there
        body = piece.item.body if is_page else f"{piece.item.body}\n{piece.item.link}"
        yield _Text(campaigns[piece.campaign_id], piece.item.name, f"/content/{piece.item_id}/", body)


def _templates(version: Version) -> Iterable[str]:
    document = {"kind": "workflow", **version.content}
    return {ref.key for ref in references(document) if ref.kind == "template"}
