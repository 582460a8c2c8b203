"""Work for the chaos tests: three connections of the three classes, contacts, effects; and worker processes to end."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from martechops.people.models import Team
from tests.chaos.sink import Sink
from workflows.actions import connections
from workflows.models import Contact, Effect, MessageTemplate, System, Version, Workflow

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1jaGFvcy10ZXN0cyE="
#: Class of effect → key of the system that it goes to.
SYSTEMS = {"A": "app", "B": "hook", "C": "mail"}
_STEPS = {"A": ("send_message", "in_app"), "B": ("call_webhook", ""), "C": ("send_message", "email")}


def furnish(sink: Sink, *, hook: str = "/ok", mail: str = "") -> Version:
    """One workflow whose three steps reach the three connections; returns its version."""
    now = datetime.now(UTC)
    team = Team.objects.create(key="ops", name="Ops")
    for key, connector in (("app", "in_app"), ("hook", "webhook"), ("mail", "email")):
        System.objects.create(key=key, name=key.title(), kind="crm", connector=connector, owner=team, sandbox=False)
    reach("hook", settings={"url": sink.url(hook)}, secrets={"secret": SECRET})
    reach("mail", settings={"sender": "Ops <ops@example.com>"}, secrets={"url": mail or sink.mail})
    for channel in ("email", "in_app"):
        MessageTemplate.objects.create(
            key=f"by-{channel}", name=channel, channel=channel, owner=team, subject="Hello", body="Hello to you."
        )
    workflow = Workflow.objects.create(key="chaos", name="Chaos", type="nurture", owner=team)
    steps = [
        {"key": f"step-{one}", "action": kind, "system": SYSTEMS[one], "stage": "engage", "owner": "ops", "output": "x"}
        | {"with": {"template": f"by-{channel}"} if channel else {"body": {"hello": "you"}}}
        | ({"guards": {"consent": channel}} if channel == "email" else {})
        for one, (kind, channel) in _STEPS.items()
    ]
    content = {"kind": "workflow", "key": "chaos", "name": "Chaos", "type": "nurture", "owner": "ops"}
    content |= {"trigger": {"event": "Never"}, "steps": steps}
    return Version.objects.create(
        workflow=workflow, number=1, content=content, digest="c" * 64, created_at=now, frozen_at=now
    )


def reach(system: str, *, settings: dict[str, Any], secrets: dict[str, str], **more: Any) -> None:
    """Set a connection as a person would."""
    terms = connections.Terms(settings=settings, secrets=secrets, **more)
    connections.save(system=System.objects.get(key=system), terms=terms, by="chaos", at=datetime.now(UTC))


def people(count: int) -> list[Contact]:
    """Contacts that have agreed to e-mail."""
    now = datetime.now(UTC)
    consent = {"email": {"state": "granted", "at": (now - timedelta(days=1)).isoformat()}}
    return Contact.objects.bulk_create(
        Contact(email=f"person{n}@example.com", consent=consent, created_at=now, updated_at=now) for n in range(count)
    )


def plan(version: Version, contacts: Sequence[Contact], effect_class: str, *, system: str = "") -> list[Effect]:
    """One effect of this class for each contact."""
    now = datetime.now(UTC)
    kind, channel = _STEPS[effect_class]
    return Effect.objects.bulk_create(
        Effect(
            key=uuid.uuid4(),
            workflow_id=version.workflow_id,
            version_id=version.pk,
            run_id=1,
            contact_id=contact.pk,
            step=f"step-{effect_class}",
            kind=kind,
            system=system or SYSTEMS[effect_class],
            payload={"template": f"by-{channel}", "channel": channel, "to": contact.email} if channel else {"n": 1},
            state="planned",
            not_before=now,
            planned_at=now,
        )
        for contact in contacts
    )


def ordered(folder: Path, place: str, *, by: str = "KILL") -> dict[str, str]:
    """The environment of a process that is ended, or frozen, at that place."""
    (folder / place).write_text(by)
    return {"MARTECHOPS_CRASH_ORDERS": str(folder)}


@contextmanager
def worker(**environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker process on this test's database, ready; gone afterwards."""
    command = [sys.executable, "-m", "tests.chaos.worker"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=of_this_test(environment), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield process
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()


def ended(process: "subprocess.Popen[str]", *, seconds: float = 60) -> int:
    """Its exit code; negative for the signal that ended it."""
    return process.wait(timeout=seconds)


def until(condition: Any, *, seconds: float = 30) -> bool:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def of_this_test(more: dict[str, str]) -> dict[str, str]:
    """The environment of a process on this test's database, and more."""
    known = connection.settings_dict
    address = f"postgres://{known['USER']}@{quote(str(known['HOST']), safe='')}:{known['PORT'] or 5432}/{known['NAME']}"
    return {
        **os.environ,
        "DATABASE_URL": address,
        "SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "martechops.settings",
        "MARTECHOPS_HEADLESS": "1",
        "CELERY_BROKER_URL": "memory://",
        "OUTBOUND_ALLOW": "127.0.0.0/8",
        "ALLOWED_HOSTS": "localhost",
        **more,
    }
