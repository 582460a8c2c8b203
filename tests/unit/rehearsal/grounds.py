"""Grounds made by hand: a small vocabulary, one workflow, no database."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workflows.engine.authority import Authority
from workflows.engine.conditions import FieldType
from workflows.engine.mapping import compile_mapping
from workflows.engine.parse import parse
from workflows.engine.schemas import compile_schema
from workflows.engine.snapshot import Catalog, Stage
from workflows.rehearsal.ground import Ground
from workflows.rehearsal.leads import Vocabulary
from workflows.rehearsal.rehearsal import Rehearsal, nothing_defined
from workflows.runtime.definitions import EventRule, RunnableVersion

STAGES = ("lead", "mql", "sql", "customer")
SCHEMA = {"type": "object", "properties": {"form_id": {"type": "string"}, "seats": {"type": "integer"}}}
FIELDS = {
    "contact.first_name": FieldType("text"),
    "contact.region": FieldType("picklist", ("north", "south")),
    "contact.renewal_on": FieldType("date"),
    "contact.lifecycle_stage": FieldType("picklist", STAGES),
    "contact.consent.email": FieldType("consent", ("granted", "denied")),
}
CATALOG = Catalog(
    stages={key: Stage(key, position, key.upper()) for position, key in enumerate(STAGES)},
    mappings={
        "to-crm": compile_mapping(key="to-crm", rows=[{"from": "contact.first_name", "to": "name", "required": True}])
    },
    channels={"welcome": "email", "reminder": "email"},
    fields={
        name: Authority(name, system="crm", owner="ops", written_in=("enrich",))
        for name in ("lifecycle_stage", "region", "first_name", "renewal_on")
    },
    types={"first_name": "text", "region": "picklist", "renewal_on": "date"},
)


def ground(
    *steps: Mapping[str, Any],
    trigger: Mapping[str, Any] | None = None,
    texts: Mapping[str, tuple[str, ...]] | None = None,
    world: type[Rehearsal] = Rehearsal,
    **rest: Any,
) -> Ground:
    """What stories of a workflow with these steps are played on."""
    document = {"key": "w", "name": "W", "type": "nurture", "owner": "ops", "trigger": trigger or {"event": "Asked"}}
    spec = parse(document | {"steps": list(steps)} | rest)
    version = RunnableVersion(1, 1, 1, "d", spec)
    schema = compile_schema(SCHEMA, closed=True)
    names = spec.trigger.names if spec.trigger else ()
    defined = replace(
        nothing_defined(),
        catalog=CATALOG,
        events={name: EventRule(name, schema, None, {}) for name in ("Asked", "Booked")},
        live=dict.fromkeys(names, (version,)),
        teams={"ops": 1, "sales": 2},
    )
    defined.add(version)
    vocabulary = Vocabulary(FIELDS, {"Asked": SCHEMA, "Booked": SCHEMA}, {})
    return Ground(spec, 1, defined, vocabulary, texts or {}, world=world)


def step(key: str, action: str, **rest: Any) -> dict[str, Any]:
    """A step that does something; what is not a part of a step is an argument of its action."""
    own = {name: rest.pop(name) for name in ("when", "guards") if name in rest}
    return {
        "key": key,
        "stage": "engage" if action == "send_message" else "enrich",
        "action": action,
        "system": "crm",
        "with": rest,
    } | own


def message(key: str, template: str = "welcome", **guards: Any) -> dict[str, Any]:
    """A message that is well guarded, but for what is said otherwise; None takes a guard away."""
    usual = {"require": ["contact.email"], "consent": "email", "once_per": "contact"} | guards
    kept = {name: guard for name, guard in usual.items() if guard is not None}
    return step(key, "send_message", template=template, guards=kept)
