"""What every shipped metric comes to, counted by plain loops over raw rows: no fact, no view, no SQL of the product.

Each function is written from the meaning of its metric alone, so that an agreement says something.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from campaigns.models import ApprovalRequest, Campaign
from workflows.models import (
    Assignment,
    Contact,
    Conversion,
    Effect,
    EventType,
    FieldChange,
    InboundEvent,
    QuarantinedEvent,
    Run,
    StepApproval,
    Trace,
)


class World:
    """Raw rows of a time, as Python objects."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self.since, self.until = since, until

    def within(self, at: datetime | None) -> bool:
        return at is not None and self.since <= at < self.until

    def leads(self) -> float:
        return sum(self.within(row.created_at) for row in Contact.objects.all())

    def arrivals(self, stage: str) -> list[tuple[datetime, int]]:
        """When contacts came to a stage, whoever wrote it."""
        changes = FieldChange.objects.filter(field="lifecycle_stage").order_by("at", "pk")
        return [(row.at, row.contact_id) for row in changes if row.new == stage]

    def came_to(self, stage: str) -> float:
        return len({contact for at, contact in self.arrivals(stage) if self.within(at)})

    def conversions(self) -> float:
        return sum(self.within(row.at) for row in Conversion.objects.all())

    def way(self, stage: str, to: str, days: int) -> list[timedelta | None]:
        """For each contact that came to a stage in the time: how long until the other, None if not in these days."""
        began: dict[int, datetime] = {}
        for at, contact in self.arrivals(stage):
            if self.within(at):
                began.setdefault(contact, at)
        reached = self.arrivals(to)
        ways: list[timedelta | None] = []
        for contact, at in began.items():
            later = [end - at for end, who in reached if who == contact and at <= end < at + timedelta(days=days)]
            ways.append(min(later, default=None))
        return ways

    def share(self, stage: str, to: str, days: int) -> float | None:
        ways = self.way(stage, to, days)
        return ratio(sum(way is not None for way in ways), len(ways))

    def velocity(self) -> float | None:
        took = [way.total_seconds() / 86_400 for way in self.way("lead", "sql", 180) if way is not None]
        return ratio(sum(took), len(took))

    def told(self) -> Iterable[tuple[Trace, InboundEvent, dict[str, Any]]]:
        """Events that were handled for a contact, with their bodies as handled."""
        corrected = {row.event_id: row.corrected_body for row in QuarantinedEvent.objects.all()}
        events = {row.pk: row for row in InboundEvent.objects.all()}
        for trace in Trace.objects.exclude(contact_id=None).exclude(event_id=None):
            event = events[trace.event_id]  # type: ignore[index]
            body = corrected.get(event.pk) or event.body
            yield trace, event, body if isinstance(body, dict) else json.loads(body)

    def deals(self, *stages: str) -> list[tuple[int, int, datetime, float]]:
        """(row, contact, when, worth) of the newest event of each deal."""
        stands_for = {row.name: row.stage_effect and row.stage_effect.key for row in EventType.objects.all()}
        newest: dict[Any, tuple[datetime, int, int, str, float]] = {}
        for trace, event, body in self.told():
            properties = body.get("properties") or {}
            worth = properties.get("value")
            if event.name and isinstance(worth, int | float) and not isinstance(worth, bool):
                named = properties.get("deal_id") or ("row", trace.pk)
                found = (event.occurred_at, trace.pk, int(trace.contact_id or 0), event.name, float(worth))
                newest[named] = max(newest.get(named, found), found)
        return [
            (row, contact, at, worth)
            for at, row, contact, name, worth in newest.values()
            if self.within(at) and stands_for.get(name) in stages
        ]

    def worth(self, *stages: str) -> float:
        return sum(worth for *_, worth in self.deals(*stages))

    def attributed(self) -> float:
        """Linear: what had a touch in the 30 days before is owed as a whole, whatever the number of touches."""
        touched = [(trace.contact_id, event.occurred_at) for trace, event, body in self.told() if is_touch(body)]
        return sum(
            worth
            for _, contact, at, worth in self.deals("sql", "opportunity")
            if any(who == contact and at - timedelta(days=30) <= when <= at for who, when in touched)
        )

    def cost(self) -> float:
        rows = Campaign.objects.exclude(budget=None)
        return sum(
            float(row.budget or 0) for row in rows if self.within(row.started_at or row.starts_at or row.created_at)
        )

    def messages(self, *states: str) -> float:
        ended = Effect.objects.filter(kind="send_message", state__in=states)
        return sum(self.within(row.ended_at or row.reserved_at or row.planned_at) for row in ended)

    def mails(self, *names: str) -> list[int]:
        """Contacts, once for each event of these names."""
        found = [(event.occurred_at, trace.contact_id) for trace, event, _ in self.told() if event.name in names]
        return [contact for at, contact in found if contact and self.within(at)]

    def people_rate(self, name: str) -> float | None:
        return ratio(len(set(self.mails(name))), len(set(self.mails("Email Delivered"))))

    def routings(self) -> list[float]:
        runs = {row.pk: row.entered_at for row in Run.objects.all()}
        tasks = Effect.objects.filter(kind="create_task", state="done")
        given = [(row.ended_at or row.reserved_at or row.planned_at, row.run_id) for row in tasks]
        given += [(row.given_at, row.run_id) for row in Assignment.objects.all()]
        return [(at - runs[run]).total_seconds() / 3_600 for at, run in given if self.within(at)]

    def duplicates(self) -> float:
        forms = sum(
            self.within(event.occurred_at)
            for trace, event, body in self.told()
            if isinstance(trace.detail, dict)
            and (trace.detail.get("contact") or {}).get("found") == "known"
            and (body.get("properties") or {}).get("form_id") is not None
        )
        withheld = Effect.objects.filter(kind="send_message", state="suppressed", reason__contains="already sent")
        return forms + sum(self.within(row.ended_at or row.reserved_at or row.planned_at) for row in withheld)

    def runs(self) -> list[Run]:
        return [row for row in Run.objects.all() if self.within(row.entered_at)]

    def approvals(self) -> list[float]:
        answered = [
            (row.requested_at, row.closed_at)
            for row in ApprovalRequest.objects.filter(state__in=["approved", "refused", "changes"])
        ]
        steps = StepApproval.objects.filter(state__in=["approved", "refused"])
        answered += [(row.asked_at, row.decided_at) for row in steps]
        return [(end - asked).total_seconds() / 3_600 for asked, end in answered if end and self.within(end)]


def ratio(over: float, under: float) -> float | None:
    return over / under if under else None


def is_touch(body: dict[str, Any]) -> bool:
    """It names a campaign, another site, or a page that was reached directly."""
    context, properties = body.get("context") or {}, body.get("properties") or {}
    tags = context.get("campaign") or {}
    if any(tags.get(name) or properties.get(f"utm_{other}") for name, other in
           (("source", "source"), ("medium", "medium"), ("name", "campaign"))):  # fmt: skip
        return True
    page = context.get("page") or {}
    referrer = page.get("referrer", properties.get("referrer"))
    address = page.get("url") or properties.get("url") or properties.get("page_url")
    if referrer == "":
        return address is not None
    return bool(referrer) and str(referrer).split("/")[2:3] != str(address or "").split("/")[2:3]


#: Every shipped metric by its key.
EXPECTED: dict[str, Callable[[World], float | None]] = {
    "leads": World.leads,
    "mql": lambda world: world.came_to("mql"),
    "sql": lambda world: world.came_to("sql"),
    "opportunities": lambda world: world.came_to("opportunity"),
    "customers": lambda world: world.came_to("customer"),
    "conversions": World.conversions,
    "conversion-rate": lambda world: ratio(world.conversions(), world.leads()),
    "lead-to-mql": lambda world: world.share("lead", "mql", 90),
    "mql-to-sql": lambda world: world.share("mql", "sql", 90),
    "sql-to-opportunity": lambda world: world.share("sql", "opportunity", 90),
    "opportunity-to-customer": lambda world: world.share("opportunity", "customer", 180),
    "velocity": World.velocity,
    "qualified-pipeline": lambda world: world.worth("sql", "opportunity"),
    "pipeline-attribution": World.attributed,
    "won-value": lambda world: world.worth("customer"),
    "campaign-cost": World.cost,
    "cost-per-lead": lambda world: ratio(world.cost(), world.leads()),
    "messages-sent": lambda world: world.messages("done"),
    "send-rate": lambda world: ratio(
        world.messages("done"), world.messages("done", "suppressed", "failed", "uncertain", "cancelled")
    ),
    "mail-delivered": lambda world: len(world.mails("Email Delivered")),
    "delivery-rate": lambda world: ratio(
        len(world.mails("Email Delivered")), len(world.mails("Email Delivered", "Email Bounced"))
    ),
    "open-rate": lambda world: world.people_rate("Email Opened"),
    "click-rate": lambda world: world.people_rate("Email Clicked"),
    "unsubscribe-rate": lambda world: world.people_rate("Unsubscribed"),
    "complaint-rate": lambda world: ratio(len(world.mails("Email Complained")), len(world.mails("Email Delivered"))),
    "routing-time": lambda world: ratio(sum(world.routings()), len(world.routings())),
    "duplicates-prevented": World.duplicates,
    "approval-time": lambda world: ratio(sum(world.approvals()), len(world.approvals())),
    "entered": lambda world: len({row.contact_id for row in world.runs() if row.contact_id}),
    "qualified": lambda world: len(
        {
            contact
            for stage in ("mql", "sql", "opportunity", "customer")
            for at, contact in world.arrivals(stage)
            if world.within(at)
        }
    ),
    "pipeline": lambda world: sum(row.value or 0 for row in Conversion.objects.all() if world.within(row.at)),
    "messages": lambda world: world.messages("done"),
    "tasks": lambda world: sum(
        world.within(row.ended_at or row.reserved_at or row.planned_at)
        for row in Effect.objects.filter(kind="create_task", state="done")
    ),
    "missing_fields": lambda world: sum(
        world.within(row.planned_at) for row in Effect.objects.filter(state="suppressed") if " is missing" in row.reason
    ),
    "failed_runs": lambda world: sum(row.state == "failed" for row in world.runs()),
    "leads-together": lambda world: World(world.until - timedelta(days=30), world.until).leads(),
}
