"""Would the event catalog of now let a message through? Asked before a corrected one is sent on."""

from collections.abc import Mapping
from typing import Any

from workflows.engine import identity, schemas
from workflows.models import EventType, Status

#: Places with what is wrong there, as the quarantine keeps them.
Faults = list[tuple[str, str]]


class Catalog:
    """The schemas of all event types: one query, each compiled when it is asked for."""

    def __init__(self) -> None:
        self._rows = {row.name: row for row in EventType.objects.only("name", "schema", "status")}
        self._compiled: dict[str, schemas.CompiledSchema | None] = {}

    def faults(self, body: Mapping[str, Any]) -> Faults:
        """What it would be held for; empty for what would go through."""
        if not identity.keys(dict(body)):
            return [("", "It says nothing about whose it is: it needs an e-mail address, a userId or an anonymousId.")]
        if body.get("type") != "track":
            return []
        name = str(body.get("event") or "")
        if name not in self._rows:
            return [("/event", f"{name or 'Nothing'} is not in the event catalog.")]
        schema = self._schema(name)
        faults = schema.faults(body.get("properties") or {}) if schema else ()
        return [(f"/properties{fault.pointer}", fault.says) for fault in faults]

    def _schema(self, name: str) -> schemas.CompiledSchema | None:
        if name not in self._compiled:
            row = self._rows[name]
            try:
                made = schemas.compile_schema(row.schema, closed=row.status != Status.DRAFT) if row.schema else None
            except schemas.BadSchema:  # written past the check on save; the runtime holds it for that
                made = None
            self._compiled[name] = made
        return self._compiled[name]
