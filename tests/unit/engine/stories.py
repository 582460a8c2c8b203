"""Short ways to say: this workflow, this contact, this event."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from workflows.engine.authority import Authority
from workflows.engine.decide import Decision, StepTrace, decide
from workflows.engine.mapping import compile_mapping
from workflows.engine.parse import parse
from workflows.engine.snapshot import Catalog, Cause, Sent, Snapshot, Stage
from workflows.engine.spec import Spec

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday

CATALOG = Catalog(
    stages={"lead": Stage("lead", 1, "Open"), "mql": Stage("mql", 2, "MQL"), "sql": Stage("sql", 3, None)},
    mappings={
        "to-crm": compile_mapping(
            key="to-crm",
            rows=[
                {"from": "contact.company", "to": "company", "required": True},
                {"from": "contact.size", "to": "size", "type": "number"},
            ],
        )
    },
    channels={"welcome": "email", "second": "email"},
    fields={
        name: Authority(name, system="crm", owner="ops", written_in=("enrich",))
        for name in ("lifecycle_stage", "score", "hot", "team", "tier")
    },
)


def workflow(*steps: Mapping[str, Any], **rest: Any) -> Spec:
    """A live workflow of these steps."""
    document = {"key": "w", "name": "W", "type": "nurture", "owner": "ops", "trigger": {"event": "Asked"}} | rest
    return parse(document | {"steps": list(steps)})


def act(key: str, action: str, **rest: Any) -> dict[str, Any]:
    """A step of enrichment at the system `crm`; what is not a key of a step is an argument of its action."""
    own = {name: rest.pop(name) for name in ("when", "guards", "system", "risk") if name in rest}
    return {"key": key, "stage": "enrich", "action": action, "system": "crm", "with": rest} | own


def enter(
    spec: Spec,
    contact: Mapping[str, Any],
    *,
    sent: tuple[Sent, ...] = (),
    at: datetime = AT,
    catalog: Catalog = CATALOG,
    **more: Any,
) -> Decision:
    """The decision for a contact that enters by the event `Asked`; `more` is of the snapshot."""
    cause = Cause("event", {"name": "Asked", "properties": {}})
    return _decide(spec, contact, None, cause, at, catalog, sent=sent, **more)


def go_on(
    spec: Spec,
    contact: Mapping[str, Any],
    *,
    waiting_at: str,
    event: str | None = None,
    properties: Mapping[str, Any] | None = None,
) -> Decision:
    """The decision for a run that waits, woken by an event or by its timer."""
    cause = Cause("event", {"name": event, "properties": properties or {}}) if event else Cause("timer")
    return decide_again(spec, contact, waiting_at=waiting_at, cause=cause)


def decide_again(
    spec: Spec, contact: Mapping[str, Any], *, waiting_at: str, cause: Cause, catalog: Catalog = CATALOG
) -> Decision:
    """The decision for a run that waits, woken by whatever cause."""
    return _decide(spec, contact, waiting_at, cause, AT, catalog)


def step(decision: Decision, key: str) -> StepTrace:
    """What one step decided."""
    return next(trace for trace in decision.trace if trace.step == key)


def _decide(
    spec: Spec,
    contact: Mapping[str, Any],
    waiting_at: str | None,
    cause: Cause,
    at: datetime,
    catalog: Catalog,
    **more: Any,
) -> Decision:
    return decide(
        spec,
        catalog=catalog,
        snapshot=Snapshot(contact_id=7, contact={"email": "lea@example.com"} | dict(contact), **more),
        entry_key="contact:7#1",
        waiting_at=waiting_at,
        cause=cause,
        at=at,
    )
