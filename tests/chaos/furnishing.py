"""Rows of a campaign's workspace, made as people make them: by the product's own actions."""

from datetime import datetime
from typing import Any

from campaigns.actions import rollouts
from martechops.people.models import Role, Team, User
from tests.chaos import driver
from tests.chaos.workspace import ASKED, MARKS, ORDERED, PAID, RELEASED
from workflows.actions import definitions, sources, versions
from workflows.models import EventType, Field, Mapping, MessageTemplate, System, Workflow

BY = "chaos"
#: Calls under way at the mail server: what a killed worker leaves in doubt is no more than these.
MAILS_AT_ONCE = 4
_CONNECTORS = {"app": "in_app", "hook": "webhook", "mail": "email", "crm": "sandbox_crm"}
_PROPERTIES = {"email": {"type": "string"}, "marketing_consent": {"type": "boolean"}, "order": {"type": "integer"}}
_CHANNELS = {"show": "in_app", "write": "email", "tell": "in_app", "thank": "in_app"}


def furnish(document: dict[str, Any], *, http: int, smtp: int, at: datetime) -> str:
    """Everything, live; returns the write key of its source."""
    team = Team.objects.create(key="ops", name="Ops")
    User.objects.create(username="sal", roles=[Role.OPERATOR])
    systems = _systems(team, http=http, smtp=smtp, at=at)
    for name in (ORDERED, PAID, ASKED, RELEASED):
        schema = {"type": "object", "required": ["email"], "properties": _PROPERTIES}
        kind = EventType(name=name, meaning="An order", owner=team, status="agreed", schema=schema)
        definitions.save(kind, by=BY, at=at, consumers=[team])
    for key, channel in _CHANNELS.items():
        body = "{{ contact.email }}"
        row = MessageTemplate(key=key, name=key, channel=channel, owner=team, subject=MARKS[key], body=body)
        definitions.save(row, by=BY, at=at)
    for key, kind in (("email", "email"), ("consent.email", "consent")):
        row = Field(key=key, label=key, type=kind, owner=team, system_of_record=systems["hook"], written_in=["capture"])
        definitions.save(row, by=BY, at=at)
    taken = _mapping("chaos-to-contact", {"event.properties.marketing_consent": "consent.email"}, team, at)
    _mapping("chaos-to-far", {"contact.email": "email"}, team, at)
    go_live(document, by=BY, at=at, owner=team)
    source = sources.create(key="chaos", name="Chaos", system=systems["hook"], mapping=taken, by=BY, at=at)
    return source.write_key


def go_live(document: dict[str, Any], *, owner: Team, by: str, at: datetime) -> None:
    """A frozen version of it, switched over to; the next one if there is one already."""
    key = document["key"]
    workflow = Workflow.objects.filter(key=key).first() or definitions.save(
        Workflow(key=key, name=document["name"], type=document["type"], owner=owner), by=by, at=at
    )
    drafted = versions.draft(workflow=workflow, content=document, by=by, at=at, note="chaos")
    rollouts.switch_over(version=versions.freeze(version=drafted, by=by, at=at), by=by, at=at)


def _systems(team: Team, *, http: int, smtp: int, at: datetime) -> dict[str, System]:
    found = {}
    for key, connector in _CONNECTORS.items():
        row = System(key=key, name=key.title(), kind="crm", connector=connector, owner=team, sandbox=False)
        found[key] = definitions.save(row, by=BY, at=at)
    driver.reach("hook", settings={"url": f"http://127.0.0.1:{http}/ok"}, secrets={"secret": driver.SECRET})
    mail = {"url": f"smtp://127.0.0.1:{smtp}"}
    driver.reach("mail", settings={"sender": "Ops <ops@example.com>"}, secrets=mail, at_once=MAILS_AT_ONCE)
    return found


def _mapping(key: str, rows: dict[str, str], team: Team, at: datetime) -> Mapping:
    kinds = {"consent.email": "consent", "email": "email"}
    made = [{"from": source, "to": target, "type": kinds[target]} for source, target in rows.items()]
    row = Mapping(key=key, name=key, owner=team, status="agreed", rows=made)
    definitions.save(row, by=BY, at=at)
    return row
