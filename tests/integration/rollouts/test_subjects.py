"""Gates of workflows that are about content items or the workspace: what was done for these is judged, too."""

import copy
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from campaigns import gates
from campaigns.actions import rollout_ticks, rollouts
from campaigns.gates import Finding, Verdict
from campaigns.models import Rollout
from campaigns.queries import rollout_counts
from campaigns.ramps import Ramp
from martechops.people.models import User
from workflows.actions import versions
from workflows.models import Activation, ConsentEntry, Contact, Effect, Exposure, Run

from .conftest import AT, NOW, demo

__all__ = ["demo"]

pytestmark = pytest.mark.django_db
HALF = Ramp.of({"stages": [{"share_percent": 50, "at_least": 500}, {"share_percent": 100}]})


def let_out(key: str) -> Rollout:
    """Half of its subjects get a version that differs by a word."""
    live = Activation.objects.select_related("version__workflow").get(version__workflow__key=key, until=None).version
    content = {**copy.deepcopy(live.content), "description": "Another word"}
    draft = versions.draft(workflow=live.workflow, content=content, by="tests", at=AT)
    return rollouts.start(version=versions.freeze(version=draft, by="tests", at=AT), ramp=HALF, by="tests", at=NOW)


def meets(rollout: Rollout, arm: str, *, item: int | None, tasks: int = 1, failed: bool = False) -> None:
    """An item, or the workspace, enters its arm's version, which makes tasks in one run that all say the same."""
    version = rollout.version if arm == "candidate" else rollout.stable
    assert version is not None
    Exposure.objects.create(rollout_id=rollout.pk, content_id=item, arm=arm, share_percent=50, at=NOW)
    run = Run.objects.create(
        workflow_id=version.workflow_id, version_id=version.pk, content_id=item, entry_key=f"{item}", entered_at=NOW,
        changed_at=NOW, state="failed" if failed else "done", ended_at=NOW,
    )  # fmt: skip
    said: dict[str, Any] = {"title": "Look at it"}
    for _ in range(tasks):
        Effect.objects.create(
            key=uuid4(), workflow_id=version.workflow_id, version_id=version.pk, run_id=run.pk, content_id=item,
            step="ask", kind="create_task", system="crm", payload=said, state="done", not_before=NOW, planned_at=NOW,
        )  # fmt: skip


def found(rollout: Rollout) -> dict[str, Finding]:
    seen = rollout_counts.observed(rollout, HALF, since=NOW, at=NOW)
    return {finding.gate: finding for finding in gates.judge(seen)}


@pytest.mark.requirement("H7")
def test_what_a_candidate_does_twice_for_a_content_item_rolls_it_back(demo: None) -> None:
    rollout = let_out("content-publishing")
    meets(rollout, "candidate", item=901)
    meets(rollout, "stable", item=902, tasks=2)
    assert found(rollout)["duplicates"].verdict is Verdict.PASS
    meets(rollout, "candidate", item=903, tasks=2)
    twice = found(rollout)["duplicates"]
    assert (twice.verdict, twice.says) == (Verdict.FAIL, "content item 903 gets one create task twice, by ask")
    rollout_ticks.tick(at=NOW)
    assert rollout.steps.order_by("-number")[0].state == "rolled_back"


@pytest.mark.requirement("H7")
def test_message_planned_in_the_batch_that_took_consent_back_is_judged_when_it_is_reserved(demo: None) -> None:
    """Granted, planned, withdrawn, all in one batch: guards withhold it, and the version did nothing wrong."""
    rollout = let_out("demo-request-nurture")
    contact = Contact.objects.create(email="once@example.com", created_at=NOW, updated_at=NOW)
    Exposure.objects.create(rollout_id=rollout.pk, contact_id=contact.pk, arm="candidate", share_percent=50, at=NOW)
    for minutes, state in ((2, "granted"), (1, "denied")):
        ConsentEntry.objects.create(
            contact_id=contact.pk, channel="email", purpose="marketing", state=state, recorded_at=NOW,
            at=NOW - timedelta(minutes=minutes), text_version="",
        )  # fmt: skip
    message = Effect.objects.create(
        key=uuid4(), workflow_id=rollout.version.workflow_id, version_id=rollout.version_id, run_id=1,
        contact_id=contact.pk, step="welcome", kind="send_message", system="email", payload={"channel": "email"},
        state="planned", not_before=NOW, planned_at=NOW,
    )  # fmt: skip
    assert found(rollout)["consent"].verdict is Verdict.PASS
    Effect.objects.filter(pk=message.pk).update(state="done", reserved_at=NOW + timedelta(seconds=1))
    assert found(rollout)["consent"].verdict is Verdict.FAIL
    Effect.objects.filter(pk=message.pk).update(state="planned", reserved_at=None)
    ConsentEntry.objects.filter(contact_id=contact.pk, state="granted").delete()
    assert found(rollout)["consent"].verdict is Verdict.FAIL, "nobody ever agreed to it"


@pytest.mark.requirement("H7")
def test_content_items_are_compared_each_once_and_gates_about_contacts_say_so(demo: None, client: Client) -> None:
    rollout = let_out("content-publishing")
    for number in range(40):
        meets(rollout, ("candidate", "stable")[number % 2], item=800 + number, failed=number % 2 == 0)
    by_gate = found(rollout)
    assert by_gate["errors"].verdict is Verdict.FAIL
    assert by_gate["errors"].says.startswith("errors: 20 of 20 with the candidate, 0 of 20")
    for gate in ("consent", "stages", "complaints"):
        assert by_gate[gate].verdict is Verdict.WAITING
        assert "the workflow is about content items" in by_gate[gate].says
    client.force_login(User.objects.get(username="ida"))
    assert "Content items go through this workflow" in client.get(f"/rollouts/{rollout.pk}/").content.decode()


def test_workspace_meets_one_version_and_the_page_says_what_that_means(demo: None, client: Client) -> None:
    rollout = let_out("contact-data-quality")
    meets(rollout, "candidate", item=None, tasks=2)
    by_gate = found(rollout)
    assert by_gate["duplicates"].says == "the workspace gets one create task twice, by ask"
    assert "there is one workspace" in by_gate["errors"].says
    client.force_login(User.objects.get(username="ida"))
    assert "Let it go to everybody at once" in client.get(f"/rollouts/{rollout.pk}/").content.decode()
