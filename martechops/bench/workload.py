"""The work that is measured: one workspace, one six-step workflow, and messages that are the same for the same seed.

Half of the people are known beforehand, half are new. Each event takes its contact through all six steps: a choice,
three fields, a stage with its history, and two effects behind guards, of which the stage is one. So the counts are
known: a run and a trace an event, and two effects.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from campaigns.actions import rollouts
from martechops.people.models import Team
from workflows.actions import connections, definitions, sources, versions
from workflows.models import EventType, Field, LifecycleStage, Source, System, Workflow
from workflows.models import Mapping as MappingRow

BY = "bench"
EVENT = "Demo Requested"
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1iZW5jaC1hbG9uZSE="
EFFECTS_AN_EVENT = 2
BEGINNING = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

_FIELDS = {
    "email": ("email", "capture"),
    "first_name": ("text", "capture"),
    "company": ("text", "capture"),
    "company_size": ("number", "capture"),
    "consent.email": ("consent", "capture"),
    "lifecycle_stage": ("picklist", "enrich"),
    "tier": ("text", "enrich"),
    "region": ("text", "enrich"),
    "origin": ("text", "enrich"),
}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["form_id", "email"],
    "properties": {
        "form_id": {"type": "string"},
        "email": {"type": "string", "minLength": 3, "maxLength": 320},
        "first_name": {"type": "string"},
        "company": {"type": "string"},
        "company_size": {"type": "number", "minimum": 1},
        "country": {"type": "string"},
        "marketing_consent": {"type": "boolean"},
        "utm_source": {"type": "string"},
        "utm_campaign": {"type": "string"},
    },
}
_STEP: dict[str, Any] = {"owner": "ops", "output": "done", "trigger": "the step before"}
WORKFLOW: dict[str, Any] = {
    "kind": "workflow",
    "key": "six-steps",
    "name": "Six steps",
    "type": "routing",
    "owner": "ops",
    "trigger": {"event": EVENT, "where": {"event.properties.form_id": "demo"}},
    "steps": [
        _STEP
        | {"key": "size", "stage": "enrich", "system": "crm"}
        | {"choose": [{"when": {"contact.company_size": {"$gte": 50}}, "go": "large"}, {"else": "region"}]},
        _STEP
        | {"key": "large", "stage": "enrich", "system": "crm", "action": "set_field"}
        | {"with": {"field": "tier", "value": "large"}},
        _STEP
        | {"key": "region", "stage": "enrich", "system": "crm", "action": "set_field"}
        | {"with": {"field": "region", "value": "emea"}},
        _STEP
        | {"key": "source", "stage": "enrich", "system": "crm", "action": "set_field"}
        | {"with": {"field": "origin", "value": "form"}, "when": {"contact.company_size": {"$gte": 1}}},
        _STEP
        | {"key": "qualify", "stage": "enrich", "system": "crm", "action": "set_stage", "with": {"stage": "mql"}}
        | {"guards": {"require": ["contact.email"], "valid": ["email"]}},
        _STEP
        | {"key": "tell", "stage": "engage", "system": "hook", "action": "call_webhook"}
        | {"with": {"mapping": "contact-to-crm"}}
        | {"guards": {"consent": "email", "once_per": "contact", "require": ["contact.lifecycle_stage"]}},
    ],
}


def furnish(*, sink: str) -> Source:
    """The workspace, its two connections leading to `sink`; returns the source that events come from."""
    at = datetime.now(UTC) - timedelta(seconds=1)
    team = Team.objects.create(key="ops", name="Ops")
    web = _save(System(key="web", name="Web", kind="form", owner=team), at)
    for key in ("crm", "hook"):
        row = System(key=key, name=key.title(), kind="crm", connector="webhook", owner=team, sandbox=False)
        terms = connections.Terms(settings={"url": f"{sink}/{key}"}, secrets={"secret": SECRET}, at_once=16)
        connections.save(system=_save(row, at), terms=terms, by=BY, at=at)
    for position, key in enumerate(("lead", "mql"), start=1):
        _save(LifecycleStage(key=key, name=key, position=position, crm_statuses=[key], owner=team, status="agreed"), at)
    for key, (kind, stage) in _FIELDS.items():
        field = Field(key=key, label=key, type=kind, system_of_record=web, owner=team, status="agreed")
        field.written_in = [stage]
        _save(field, at)
    _save(EventType(name=EVENT, meaning="A form.", owner=team, schema=_SCHEMA, status="agreed"), at)
    rows = [{"from": f"event.properties.{key}", "to": key} for key in ("first_name", "company")]
    rows += [{"from": "event.properties.company_size", "to": "company_size", "type": "number"}]
    rows += [{"from": "event.properties.marketing_consent", "to": "consent.email", "type": "consent"}]
    incoming = _save(MappingRow(key="form-to-contact", name="In", rows=rows, owner=team, status="agreed"), at)
    outgoing: list[dict[str, Any]] = [{"from": "contact.email", "to": "email", "type": "email", "required": True}]
    outgoing += [{"from": f"contact.{key}", "to": key} for key in ("first_name", "company", "lifecycle_stage", "tier")]
    _save(MappingRow(key="contact-to-crm", name="Out", rows=outgoing, owner=team, status="agreed"), at)
    source = sources.create(key="site", name="Site", system=web, mapping=incoming, by=BY, at=at)
    workflow = _save(Workflow(key="six-steps", name="Six steps", type="routing", owner=team), at)
    version = versions.draft(workflow=workflow, content=WORKFLOW, by=BY, at=at)
    rollouts.switch_over(version=versions.freeze(version=version, by=BY, at=at), by=BY, at=at)
    return source


def _save(row: Any, at: datetime) -> Any:
    return definitions.save(row, by=BY, at=at)


def email(seed: int, number: int) -> str:
    return f"person-{seed}-{number}@example.com"


def messages(*, seed: int, first: int, count: int) -> Iterator[dict[str, Any]]:
    """So many, each of another person, about 545 bytes of JSON."""
    for number in range(first, first + count):
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - the same for the same seed
        at = BEGINNING + timedelta(milliseconds=number)
        yield {
            "type": "track",
            "event": EVENT,
            "messageId": f"bench-{seed}-{number}-{chance.getrandbits(64):016x}",
            "userId": f"u-{seed}-{number}",
            "timestamp": at.isoformat(timespec="milliseconds"),
            "properties": {
                "form_id": "demo",
                "email": email(seed, number),
                "first_name": chance.choice(("Lea", "Noor", "Jonas", "Priya", "Tomás")),
                "company": chance.choice(("Brightwater", "Northfold", "Halden & Sons")),
                "company_size": chance.randint(50, 5_000),
                "country": "DE",
                "marketing_consent": True,
                "utm_source": "newsletter",
                "utm_campaign": "2026_q4_email_lead-routing",
            },
            "context": {
                "library": {"name": "analytics-python", "version": "2.4.0"},
                "page": {"path": "/demo", "referrer": "https://www.example.org/"},
            },
        }


def payload_bytes(message: dict[str, Any]) -> int:
    return len(orjson.dumps(message))
