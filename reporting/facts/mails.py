"""What became of messages, as mail providers and readers said it."""

from reporting.models import MailFact
from workflows.engine import mail_events
from workflows.models import InboundEvent, Trace

from .fact import FROM_CONTACT, OF_CONTACT, Fact, day

#: Events by what they are called in reports.
OUTCOMES = {
    mail_events.DELIVERED: "delivered",
    mail_events.BOUNCED: "bounced",
    mail_events.DEFERRED: "deferred",
    mail_events.COMPLAINED: "complained",
    mail_events.OPENED: "opened",
    mail_events.CLICKED: "clicked",
    "Unsubscribed": "unsubscribed",
}
_OUTCOME = "CASE e.name " + " ".join(f"WHEN '{name}' THEN '{outcome}'" for name, outcome in OUTCOMES.items()) + " END"

FACT = Fact(
    kind="trace",
    model=MailFact,
    raw=Trace,
    columns={
        "id": "r.id",
        "event_id": "e.id",
        "contact_id": "r.contact_id",
        "at": "e.occurred_at",
        "outcome": _OUTCOME,
        **FROM_CONTACT,
    },
    joins=f"JOIN {InboundEvent._meta.db_table} e ON e.id = r.event_id {OF_CONTACT}",
    where=f"r.contact_id IS NOT NULL AND {_OUTCOME} IS NOT NULL",
    daily=f"({day('f.at')}, 'mail ' || f.outcome, 0, 0)",
)
