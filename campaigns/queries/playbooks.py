"""Playbooks as their list and their pages show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from campaigns import pattern
from campaigns.models import Campaign, Playbook, PlaybookVersion
from campaigns.pattern import Values
from workflows.engine.difference import differences
from workflows.models import MessageTemplate, Segment
from workflows.queries import documents


@dataclass(frozen=True, slots=True)
class Update:
    """What a later version of a playbook says otherwise than the one that a campaign was made from."""

    newest: PlaybookVersion
    #: What is concerned ("template [[key]]-thanks") and what changed there.
    changes: tuple[tuple[str, tuple[str, ...]], ...]


def approvers_of(campaign: Campaign) -> tuple[str, ...]:
    """Keys of the teams that its playbook names; it is read with owner and playbook. No query."""
    if campaign.playbook is None:
        return ()
    values = Values({**campaign.parameters, "owner": campaign.owner.key})
    return tuple(pattern.fill(list(campaign.playbook.content.get("approvers", ())), values))


def checks_of(campaign: Campaign, *, timezone: str) -> tuple[Mapping[str, Any], ...]:
    """What its playbook has people look at and sign: says, team, blocking."""
    if campaign.playbook is None:
        return ()
    found = pattern.read(campaign.playbook.content)
    given = {
        "owner": campaign.owner.key,
        "campaign": campaign.name,
        "key": campaign.key,
        "starts_at": campaign.starts_at,
    }
    values = Values({**found.values(campaign.parameters, timezone=timezone), **given}, timezone=timezone)
    return tuple(pattern.fill(list(found.checks), values))


def required_of(campaign: Campaign) -> tuple[tuple[str, str], ...]:
    """Fields that its playbook needs, each with what for."""
    rows = campaign.playbook.content.get("requires", ()) if campaign.playbook else ()
    return tuple((row["field"], row["why"]) for row in rows)


def newest_versions() -> QuerySet[PlaybookVersion]:
    """The newest of each playbook, by name, with how often launches were made from the playbook."""
    last = PlaybookVersion.objects.filter(playbook=OuterRef("playbook")).order_by("-number").values("pk")[:1]
    rows = PlaybookVersion.objects.filter(pk=Subquery(last)).select_related("playbook__owner")
    return rows.annotate(launches=Count("playbook__versions__campaigns", distinct=True)).order_by("playbook__name")


def newest(key: str) -> PlaybookVersion | None:
    """The newest version of the playbook with that key."""
    return (
        PlaybookVersion.objects.filter(playbook__key=key).select_related("playbook__owner").order_by("-number").first()
    )


def versions(playbook: Playbook) -> list[PlaybookVersion]:
    """Newest first, with their authors."""
    return list(playbook.versions.select_related("author")[:50])


def campaigns_of(playbook: Playbook) -> list[Campaign]:
    """Launches that were made from it, newest first."""
    found = Campaign.objects.filter(playbook__playbook=playbook).select_related("playbook", "owner")
    return list(found.order_by("-pk")[:50])


def update_for(campaign: Campaign) -> Update | None:
    """Whether the playbook says something else by now; None for a campaign that is up to date, or made by hand."""
    made_from = campaign.playbook
    if made_from is None:
        return None
    found = made_from.playbook.versions.order_by("-number").first()
    if found is None or found.pk == made_from.pk:
        return None
    return Update(newest=found, changes=tuple(changes(made_from.content, found.content)))


def changes(older: Mapping[str, Any], newer: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Part by part, what a version says otherwise than an earlier one."""
    lists = ("creates", "shared")
    said = differences(_without(older, lists), _without(newer, lists))
    found = [("the playbook itself", tuple(said))] if said else []
    before, after = _documents(older, lists), _documents(newer, lists)
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            found.append((name, ("No longer part of it",)))
        elif name not in before:
            found.append((name, ("New",)))
        elif said := differences(before[name], after[name]):
            found.append((name, tuple(said)))
    return found


def liftable() -> dict[tuple[str, str], dict[str, Any]]:
    """Templates and segments as documents, for a playbook of one's own."""
    rows = [*MessageTemplate.objects.select_related("owner"), *Segment.objects.select_related("owner")]
    made = [documents.document_of(row) for row in rows]
    return {(document["kind"], document["key"]): document for document in made}


def _without(document: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def _documents(document: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    return {
        f"{one['kind']} {one.get('key') or one.get('name')}": one for name in names for one in document.get(name, ())
    }
