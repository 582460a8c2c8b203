"""What was done for content items and the workspace, as guards ask for it; for contacts `subjects` reads it."""

from collections.abc import Collection, Mapping

from martechops.lib import bulk, prepared
from workflows.engine.internal import WORKSPACE, SubjectRef, subject_of
from workflows.engine.snapshot import Sent
from workflows.models import Effect

from .subjects import Subject

#: What counts as done for good or maybe, and what is to be done.
_HAPPENED, _TO_COME = ("reserved", "done", "uncertain"), ("planned", "held")


def read(others: Mapping[SubjectRef, Subject], workflow_ids: Collection[int], *, planned: bool = True) -> None:
    """Messages sent and what may be done once, of these workflows; with `planned`, what is to be done too.

    A content item or the workspace is nobody who is written to, so no cap counts over workflows.
    """
    if not others or not workflow_ids:
        return
    items = [ref.id for ref in others if ref.kind == "content"]
    of_workspace = "OR content_id IS NULL" if WORKSPACE in others else ""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT content_id, coalesce(payload ->> 'channel', ''), coalesce(reserved_at, not_before), once_key, key,
                state IN ('planned', 'held')
            FROM {Effect._meta.db_table}
            WHERE contact_id IS NULL AND workflow_id = ANY(%s::bigint[])
              AND (content_id = ANY(%s::bigint[]) {of_workspace})
              AND (kind = 'send_message' OR once_key IS NOT NULL) AND state = ANY(%s::text[])
            """,  # noqa: S608
            [
                bulk.array(workflow_ids),
                bulk.array(items),
                bulk.array([*_HAPPENED, *(_TO_COME if planned else ())]),
            ],
        )
        for content_id, channel, at, once_key, key, is_planned in cursor.fetchall():
            done = Sent(channel=channel, at=at, once_key=once_key, key=key, planned=is_planned)
            others[subject_of(contact_id=None, content_id=content_id)].sent.append(done)
