"""Checks of a launch, run for what it is now and kept under its digest; run again when that changes."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import structlog

from campaigns.actions import checklists
from campaigns.actions.checklists import ToSign
from campaigns.lifecycle import BEFORE_START
from campaigns.models import ApprovalRequest, Campaign, CampaignContent, Checklist, PageVisit
from campaigns.qa.launch import Link, Template
from campaigns.queries import approval_subjects, launches, playbooks, recent_leads
from campaigns.queries.approval_subjects import Subject
from campaigns.queries.launches import Around
from martechops.lib import failures
from workflows.engine.parse import BadSpec
from workflows.models import ContentItem, Version
from workflows.queries import segments, work_calendar

log = structlog.get_logger()

#: A list that nobody has looked at for so long is not kept up any more.
_KEPT_UP = timedelta(days=14)
#: Lists that are run again in one turn.
_AT_ONCE = 5


class NothingToCheck(LookupError):
    """There is no such launch."""


def check(kind: str, key: str, *, at: datetime) -> Checklist:
    """Run every check of a launch as it is now, and have its addresses visited. Raises NothingToCheck."""
    subject = approval_subjects.current(kind, key)
    if subject is None:
        raise NothingToCheck(f"there is no {kind} {key}")
    return _check(subject, at=at)


def keep(*, at: datetime) -> int:
    """Run what was never checked, what changed since, or whose addresses were visited since; returns how many."""
    lists = {(checklist.kind, checklist.key): checklist for checklist in _newest(at)}
    wanted = lists.keys() | _unchecked(at)
    count = 0
    for kind in {kind for kind, _ in wanted} & approval_subjects.KINDS.keys():
        keys = [key for of, key in wanted if of == kind]
        for key, subject in approval_subjects.found(kind, keys).items():
            if count < _AT_ONCE and _is_behind(lists.get((kind, key)), subject):
                _check(subject, at=at)
                count += 1
    return count


def _newest(at: datetime) -> list[Checklist]:
    rows = Checklist.objects.filter(checked_at__gt=at - _KEPT_UP).order_by("kind", "key", "-pk")
    return list(rows.distinct("kind", "key"))


def _unchecked(at: datetime) -> set[tuple[str, str]]:
    """Launches that somebody works on or asks for, and of which there is no list at all."""
    since = at - _KEPT_UP
    planned = Campaign.objects.filter(state__in=BEFORE_START, updated_at__gt=since).values_list("key", flat=True)
    asked = ApprovalRequest.objects.filter(state=ApprovalRequest.State.OPEN).values_list("subject_kind", "subject_key")
    found = {("campaign", key) for key in planned} | set(asked)
    there = Checklist.objects.filter(key__in=[key for _, key in found]).values_list("kind", "key")
    return found - set(there)


def _is_behind(checklist: Checklist | None, subject: Subject) -> bool:
    if checklist is None or checklist.digest != subject.manifest.digest:
        return True
    waiting = [url for url in checklist.addresses if url]
    visits = PageVisit.objects.filter(url__in=waiting, visited_at__gt=checklist.checked_at)
    return bool(waiting) and visits.exists()


def _check(subject: Subject, *, at: datetime) -> Checklist:
    digest = subject.manifest.digest
    versions = list(Version.objects.filter(pk__in=subject.versions).select_related("workflow").order_by("pk"))
    try:
        launch = launches.gather(versions, name=subject.label, at=at, around=around(subject, at=at))
        results = checklists.examined(launch)
    except BadSpec as error:
        return checklists.fail(kind=subject.kind, key=subject.key, digest=digest, problem=str(error), at=at)
    except Exception as error:  # noqa: BLE001 - whatever a definition holds: the list says that nothing was checked
        log.error("checks_failed", kind=subject.kind, key=subject.key, error=failures.place(error))
        problem = f"The checks stopped at a fault of their own: {type(error).__name__}. Nothing was checked."
        return checklists.fail(kind=subject.kind, key=subject.key, digest=digest, problem=problem, at=at)
    urls = launches.addresses(launch)
    checklists.ask_for_visits({url for url in urls if _is_due(launch.visits, url, at)}, at=at)
    return checklists.store(
        kind=subject.kind,
        key=subject.key,
        digest=digest,
        results=results,
        addresses=sorted(urls),
        to_sign=to_sign(subject),
        at=at,
    )


def to_sign(subject: Subject) -> tuple[ToSign, ...]:
    """What people look at: what the playbook of a campaign names."""
    campaign = _campaign(subject)
    if campaign is None:
        return ()
    rows = playbooks.checks_of(campaign, timezone=work_calendar.calendar().timezone)
    return tuple(
        ToSign(f"playbook-{number}", row["says"], team=row["team"], blocking=row.get("blocking", True))
        for number, row in enumerate(rows, start=1)
    )


def _is_due(visits: Mapping[str, object], url: str, at: datetime) -> bool:
    """Not more than once an hour, however often somebody runs the checks."""
    visit = visits.get(url)
    return visit is None or getattr(visit, "at", at) < at - timedelta(hours=1)


def around(subject: Subject, *, at: datetime) -> Around:
    """What a campaign adds to its workflows: its content, its pages, its tags and its audience."""
    campaign = _campaign(subject)
    if campaign is None:
        return Around()
    items = [one.item for one in CampaignContent.objects.filter(campaign=campaign).select_related("item")]
    return Around(
        texts=tuple(_text(item) for item in items if item.body),
        landing_pages=tuple(_pages(items)),
        utm=tuple((f"utm_{name}", str(value)) for name, value in campaign.utm.items() if value),
        audience=tuple(_audience(campaign, at)),
        required=playbooks.required_of(campaign),
    )


def _campaign(subject: Subject) -> Campaign | None:
    related = ("owner", "audience", "playbook")
    rows = Campaign.objects.filter(key=subject.key).select_related(*related)
    return rows.first() if subject.kind == "campaign" else None


def _text(item: ContentItem) -> Template:
    return Template(f"content:{item.key}", f"content {item.name}", "page", item.name, item.body, f"/content/{item.pk}/")


def _pages(items: list[ContentItem]) -> Iterator[Link]:
    for item in items:
        if item.kind == ContentItem.Kind.LANDING_PAGE and item.link:
            yield Link(item.link, f"content {item.name}", f"/content/{item.pk}/")


def _audience(campaign: Campaign, at: datetime) -> list[Mapping[str, object]]:
    if campaign.audience is None:
        return []
    sample = segments.members(campaign.audience.when, at=at).sample
    return list(recent_leads.facts_of([person.id for person in sample], at=at))
