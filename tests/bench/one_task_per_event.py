"""The same six steps the way most teams would write them: one Celery task an event, the ORM, a history of changes.

What the engine is compared with (`manage.py bench --only one-task`): competent, plain, and nothing left out. Each task
is one transaction; connections are reused; the contact is locked, stages and fields leave history rows, effects have
unique keys, a trace row is kept for each step, and the once-per check is a query. Its tables are its own.

    python -m tests.bench.one_task_per_event worker     a Celery worker (solo) on the broker inside PostgreSQL
    python -m tests.bench.one_task_per_event send       store the messages on standard input, a task for each
"""

import json
import os
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "martechops.settings")
    django.setup()

from celery import shared_task
from django.db import connection, models, transaction


class Person(models.Model):
    email = models.TextField(unique=True)
    fields = models.JSONField(default=dict)
    stage = models.TextField(default="")
    consent = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        app_label = "workflows"
        db_table = "plain_person"


class Event(models.Model):
    message_id = models.TextField(unique=True)
    body = models.JSONField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "workflows"
        db_table = "plain_event"


class Passage(models.Model):
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    event = models.ForeignKey(Event, on_delete=models.PROTECT)
    state = models.TextField()

    class Meta:
        app_label = "workflows"
        db_table = "plain_run"


class Change(models.Model):
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    field = models.TextField()
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        app_label = "workflows"
        db_table = "plain_change"


class StepTrace(models.Model):
    run = models.ForeignKey(Passage, on_delete=models.PROTECT)
    step = models.TextField()
    detail = models.JSONField()

    class Meta:
        app_label = "workflows"
        db_table = "plain_trace"


class PlainEffect(models.Model):
    key = models.UUIDField(unique=True)
    run = models.ForeignKey(Passage, on_delete=models.PROTECT)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    kind = models.TextField()
    payload = models.JSONField()
    state = models.TextField(default="planned")

    class Meta:
        app_label = "workflows"
        db_table = "plain_effect"


TABLES = (Person, Event, Passage, Change, StepTrace, PlainEffect)


@shared_task(name="bench.handle_event")
@transaction.atomic
def handle_event(event_id: int) -> None:
    """All six steps of one event."""
    now = datetime.now(UTC)
    event = Event.objects.select_for_update().get(pk=event_id)
    if event.handled_at is not None:
        return
    said: dict[str, Any] = event.body["properties"]
    person, _ = Person.objects.get_or_create(email=said["email"].strip().lower(), defaults={"created_at": now})
    person = Person.objects.select_for_update().get(pk=person.pk)
    for name in ("first_name", "company", "company_size"):
        _set(person, name, said[name], now)
    if said["marketing_consent"] and person.consent != "granted":
        Change.objects.create(person=person, field="consent", old=person.consent, new="granted", at=now)
        person.consent = "granted"
    run = Passage.objects.create(person=person, event=event, state="running")
    large = person.fields["company_size"] >= 50
    _trace(run, "size", {"company_size": person.fields["company_size"], "way": "large" if large else "region"})
    if large:
        _set(person, "tier", "large", now)
        _trace(run, "large", {"tier": "large"})
    for step, name, value in (("region", "region", "emea"), ("source", "origin", "form")):
        _set(person, name, value, now)
        _trace(run, step, {name: value})
    if person.email and "@" in person.email:
        Change.objects.create(person=person, field="stage", old=person.stage, new="mql", at=now)
        person.stage = "mql"
        _effect(run, person, "set_stage", {"stage": "mql", "email": person.email})
        _trace(run, "qualify", {"stage": "mql", "guards": ["require", "valid"]})
    done_before = PlainEffect.objects.filter(person=person, kind="call_webhook").exists()
    if person.consent == "granted" and person.stage and not done_before:
        _effect(run, person, "call_webhook", {"email": person.email, **person.fields})
        _trace(run, "tell", {"guards": ["consent", "once_per", "require"]})
    person.save()
    run.state = "done"
    run.save()
    event.person, event.handled_at = person, now
    event.save()


def _set(person: Person, name: str, value: object, at: datetime) -> None:
    old = person.fields.get(name)
    if old != value:
        Change.objects.create(person=person, field=name, old=old, new=value, at=at)
        person.fields[name] = value


def _trace(run: Passage, step: str, detail: dict[str, object]) -> None:
    StepTrace.objects.create(run=run, step=step, detail=detail)


def _effect(run: Passage, person: Person, kind: str, payload: dict[str, object]) -> None:
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"{run.pk}/{kind}")
    PlainEffect.objects.get_or_create(
        key=key, defaults={"run": run, "person": person, "kind": kind, "payload": payload}
    )


def make_tables() -> None:
    """Once, in the bench's own database."""
    with connection.schema_editor() as editor:
        for model in TABLES:
            editor.create_model(model)


def send(messages: list[dict[str, Any]]) -> None:
    """Store the events and queue a task for each."""
    rows = Event.objects.bulk_create(Event(message_id=message["messageId"], body=message) for message in messages)
    for row in rows:
        handle_event.apply_async((row.pk,), queue="plain")


def counts() -> dict[str, int]:
    return {
        "handled": Event.objects.exclude(handled_at=None).count(),
        "runs": Passage.objects.filter(state="done").count(),
        "effects": PlainEffect.objects.count(),
    }


def main() -> None:
    from martechops.celery import app

    app.steps["worker"].discard("martechops.understudy:Understudy")  # which would do the engine's own work meanwhile
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning"]
    name = f"plain-{os.getpid()}@%h"
    app.worker_main(["worker", "--pool", "solo", "--concurrency", "1", "-Q", "plain", "--hostname", name, *quiet])


if __name__ == "__main__":
    if sys.argv[1:] == ["send"]:
        send(json.load(sys.stdin))
    else:
        main()
