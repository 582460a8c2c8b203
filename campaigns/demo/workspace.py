"""The demo workspace: the guide's own example, from `catalog.yaml` and the workflow files beside it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db import transaction

from campaigns.actions import playbooks, rollouts
from campaigns.playbooks import shipped
from martechops.people.actions import teams, users
from martechops.people.models import Role, Team, User
from workflows.actions import content, definitions, ownerships, queues, sources, versions
from workflows.models import (
    Block,
    ContentItem,
    EventType,
    Field,
    LifecycleStage,
    MessageTemplate,
    Metric,
    NamingConvention,
    Queue,
    Scoring,
    Segment,
    System,
    Workflow,
)
from workflows.models import Mapping as MappingRow

#: For a trial on one's own machine only; printed by `manage.py up`.
PASSWORD = "martechops-demo"  # noqa: S105
BY = "demo"

_HERE = Path(__file__).parent


def is_loaded() -> bool:
    """Has somebody begun to work here?"""
    return User.objects.exists() or Workflow.objects.exists()


@transaction.atomic
def load(*, at: datetime) -> None:
    """Everything, in one transaction."""
    catalog = _catalog()
    groups = {row["key"]: teams.add(**row, by=BY, at=at) for row in catalog["teams"]}
    _people(catalog, groups, at)
    for row in catalog["ownership"]:
        ownerships.assign(**row | {"team": groups[row["team"]]}, by=BY, at=at)
    systems = {
        row["key"]: _save(System(**_owned(row, groups), sandbox=_captured(row)), at) for row in catalog["systems"]
    }
    stages = _stages(catalog, groups, at)
    for row in catalog["fields"]:
        system = systems[row.pop("system")]
        _save(Field(**_owned(row, groups), system_of_record=system, status="agreed"), at)
    _event_types(catalog, groups, stages, at)
    mappings = {row["key"]: _save(MappingRow(**_owned(row, groups)), at) for row in catalog["mappings"]}
    for row in catalog["segments"]:
        _save(Segment(**_owned(row, groups)), at)
    for row in catalog["blocks"]:
        _save(Block(**_owned(row, groups)), at)
    for row in catalog["templates"]:
        _save(MessageTemplate(**_owned(row, groups)), at)
    for row in catalog["conventions"]:
        _save(NamingConvention(**_owned(row, groups)), at)
    _save(Scoring(**_owned(catalog["scoring"], groups)), at)
    for row in catalog["metrics"]:
        _save(Metric(**_owned(row, groups)), at)
    for row in catalog["queues"]:
        queues.save(Queue(**_owned(row, groups)), by=BY, at=at)
    for row in catalog["content"]:
        content.save(ContentItem(**_owned(row, groups)), by=BY, at=at)
    for row in catalog["sources"]:
        row |= {"system": systems[row["system"]], "mapping": mappings[row["mapping"]]}
        sources.create(**row, by=BY, at=at)
    _workflows(groups, at)
    for document in shipped():
        playbooks.publish(document, by=BY, at=at, note="Comes with the product")


def workflow_files() -> dict[str, dict[str, Any]]:
    """The demo's workflows by key, as data."""
    documents = [yaml.safe_load(path.read_text()) for path in sorted((_HERE / "workflows").glob("*.yaml"))]
    return {document["key"]: document for document in documents}


def _catalog() -> dict[str, Any]:
    catalog: dict[str, Any] = yaml.safe_load((_HERE / "catalog.yaml").read_text())
    return catalog


def _owned(row: Mapping[str, Any], groups: Mapping[str, Team]) -> dict[str, Any]:
    return {**row, "owner": groups[row["owner"]]}


def _captured(system: Mapping[str, Any]) -> bool:
    """Nothing leaves a trial, except e-mail where somebody has named a mail server for it."""
    return not (settings.EMAIL_URL and system.get("connector") == "email")


def _save(row: Any, at: datetime) -> Any:
    return definitions.save(row, by=BY, at=at)


def _people(catalog: Mapping[str, Any], groups: Mapping[str, Team], at: datetime) -> None:
    users.add(username="admin", password=PASSWORD, roles=[Role.ADMIN], by=BY, at=at, email="admin@example.com")
    User.objects.filter(username="admin").update(is_staff=True, is_superuser=True)
    for person in catalog["people"]:
        member_of = [groups[key] for key in person.pop("teams")]
        roles = [Role(role) for role in person.pop("roles")]
        users.add(**person, password=PASSWORD, roles=roles, teams=member_of, by=BY, at=at)


def _stages(catalog: Mapping[str, Any], groups: Mapping[str, Team], at: datetime) -> dict[str, LifecycleStage]:
    return {
        row["key"]: _save(LifecycleStage(**_owned(row, groups), position=position), at)
        for position, row in enumerate(catalog["stages"], start=1)
    }


def _event_types(
    catalog: Mapping[str, Any], groups: Mapping[str, Team], stages: Mapping[str, LifecycleStage], at: datetime
) -> None:
    for row in catalog["event_types"]:
        consumers = [groups[key] for key in row.pop("consumers", [])]
        stage = row.pop("stage_effect", None)
        event_type = EventType(**_owned(row, groups), stage_effect=stages[stage] if stage else None)
        definitions.save(event_type, by=BY, at=at, consumers=consumers)


def _workflows(groups: Mapping[str, Team], at: datetime) -> None:
    rows: dict[str, Workflow] = {}
    for key, document in workflow_files().items():
        rows[key] = _save(
            Workflow(
                key=key,
                name=document["name"],
                type=document["type"],
                owner=groups[document["owner"]],
                map_only=document.get("map_only", False),
            ),
            at,
        )
    for key, document in workflow_files().items():
        if target := document.get("target"):
            rows[key].target = rows[target]
            _save(rows[key], at)
        version = versions.draft(workflow=rows[key], content=document, by=BY, at=at, note="The guide's example")
        version = versions.freeze(version=version, by=BY, at=at)
        if not rows[key].map_only:
            rollouts.switch_over(version=version, by=BY, at=at, note="Live from the first start")
