"""Internal events written, many in one statement, in the transaction that causes them."""

import uuid
from collections.abc import Sequence
from typing import Any

from martechops.lib import bulk, prepared, wake
from workflows.actions.inbound import key_of
from workflows.engine import internal
from workflows.engine.envelope import LANES
from workflows.engine.internal import InternalEvent

_WRITE = """
WITH given AS (
    SELECT * FROM json_to_recordset(%s::json) AS r (key uuid, message_id text, name text, at timestamptz,
        lane smallint, body json, loop json)
), stored AS (
    INSERT INTO workflows_inboundevent
        (key, source_id, message_id, type, name, occurred_at, received_at, lane, body_digest, body)
    SELECT key, %s, message_id, %s, name, at, at, lane, key, body FROM given ORDER BY key
    ON CONFLICT (key) DO NOTHING RETURNING id, key, lane
), queued AS (
    INSERT INTO workflows_queuedevent (event_id, lane, tries)
    SELECT s.id, s.lane, 0 FROM stored s JOIN given g USING (key) WHERE g.loop IS NULL
), held AS (
    INSERT INTO workflows_quarantinedevent (event_id, kind, reasons, state, at)
    SELECT s.id, 'loop', g.loop, 'held', g.at FROM stored s JOIN given g USING (key) WHERE g.loop IS NOT NULL
)
SELECT count(*) FROM stored
"""


def write(events: Sequence[InternalEvent]) -> int:
    """Store and queue them; how many were not there yet. What is part of a loop is held instead of queued.

    Call inside the transaction that causes them. One statement, whatever their number.
    """
    if not events:
        return 0
    with prepared.cursor() as cursor:
        cursor.execute(_WRITE, [bulk.records(map(_record, events)), internal.SOURCE_ID, internal.TYPE])
        stored = int(cursor.fetchone()[0])
    if stored:
        wake.after_commit("workflows.advance")
    return stored


def _record(event: InternalEvent) -> dict[str, Any]:
    message_id = event.message_id or f"internal-{uuid.uuid4().hex}"
    loop = [{"path": "", "says": internal.loop_says(event), "kind": "loop"}] if event.is_a_loop else None
    return {
        "key": key_of(internal.SOURCE_ID, message_id),
        "message_id": message_id,
        "name": event.name,
        "at": event.at,
        "lane": (event.subject.id or 0) % LANES,
        "body": event.body(),
        "loop": loop,
    }
