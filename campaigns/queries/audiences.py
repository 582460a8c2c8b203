"""How many of an audience can be reached, guard by guard: what a send would leave out, before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from workflows.models import Effect
from workflows.queries import segments
from workflows.queries.conditions import TABLE, where

#: The usual cap of the playbooks: so many messages in so many days, from all workflows together.
AT_MOST, DAYS = 3, 7


@dataclass(frozen=True, slots=True)
class Reach:
    """An audience, and what is left of it behind each guard."""

    members: int
    #: Of those, with an address.
    addressed: int
    #: Of those, who agreed to the channel.
    agreed: int
    #: Of those, who were not written to too often lately.
    reachable: int

    @property
    def left_out(self) -> list[tuple[str, int]]:
        """Why, and how many, in the order of the guards."""
        return [
            ("no e-mail address", self.members - self.addressed),
            ("no consent for e-mail", self.addressed - self.agreed),
            (f"written to {AT_MOST} times in {DAYS} days already", self.agreed - self.reachable),
        ]


def reach(rule: Mapping[str, Any], *, at: datetime) -> Reach:
    """Counted by one statement over all contacts. Raises BadCondition."""
    terms = segments.terms(at, rule)
    member = where(rule, terms, prefix="m")
    address = where({"contact.email": {"$exists": True}}, terms, prefix="a")
    consent = where({"contact.consent.email": "granted"}, terms, prefix="c")
    effects = Effect._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 2")
        cursor.execute(
            f"""
            WITH capped AS MATERIALIZED (
                SELECT contact_id FROM {effects}
                WHERE kind = 'send_message' AND state = 'done' AND ended_at >= %(since)s
                    AND payload ->> 'channel' = 'email' AND contact_id IS NOT NULL
                GROUP BY contact_id HAVING count(*) >= %(at_most)s
            ), judged AS (
                SELECT {address.member} AS addressed, {consent.member} AS agreed,
                    EXISTS (SELECT FROM capped WHERE capped.contact_id = c.id) AS is_capped
                FROM {TABLE} c WHERE {member.member}
            )
            SELECT count(*), count(*) FILTER (WHERE addressed), count(*) FILTER (WHERE addressed AND agreed),
                count(*) FILTER (WHERE addressed AND agreed AND NOT is_capped)
            FROM judged
            """,  # noqa: S608
            {
                **member.values,
                **address.values,
                **consent.values,
                "since": at - timedelta(days=DAYS),
                "at_most": AT_MOST,
            },
        )
        return Reach(*cursor.fetchone())
