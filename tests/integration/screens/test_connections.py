"""Connections and effects as people see them: what is shown, what can be switched, what is settled."""

import pytest
from django.test import Client

from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from martechops.sandbox.models import CrmRecord
from workflows.models import Connection, Effect, OutboundSwitch, Poll, System

SECRET = "smtp+tls://ops:hunter2-canary@mail.example.com:587"


@pytest.fixture
def mail(workspace: None) -> System:
    """E-mail by SMTP, which sal's team owns."""
    system = System.objects.get(key="email")
    system.connector = "email"
    system.owner = User.objects.get(username="sal").teams.first() or Team.objects.get(key="sales-ops")
    system.save()
    return system


def test_every_connection_is_listed_with_what_holds_it(ana: Client) -> None:
    System.objects.filter(key="crm").update(paused=True)
    page = ana.get("/connections/").content.decode()
    assert "Sandbox CRM" in page
    assert "E-mail by SMTP" in page
    assert "Stopped by hand" in page


@pytest.mark.requirement("C9")
def test_secret_is_written_and_never_shown(sal: Client, mail: System) -> None:
    answer = sal.post("/connections/email/", {"set_url": SECRET, "set_sender": "Ana <ana@example.com>"})
    assert answer.status_code == 302
    row = Connection.objects.get(pk=mail.pk)
    assert "canary" not in str(row.secrets)
    assert row.settings == {"sender": "Ana <ana@example.com>"}
    page = sal.get("/connections/email/").content.decode()
    assert "canary" not in page
    assert "never shown" in page
    assert "canary" not in str(list(AuditEntry.objects.values()))
    assert "canary" not in str(list(Connection.history.values()))
    again = sal.post("/connections/email/", {"set_url": "", "set_sender": "", "per_second": "5"})
    assert again.status_code == 302
    assert Connection.objects.get(pk=mail.pk).secrets == row.secrets


def test_what_was_typed_wrong_is_said_at_its_field_and_kept(sal: Client, mail: System) -> None:
    answer = sal.post("/connections/email/", {"set_sender": "nobody", "quiet_from": "22:00", "quiet_zone": "Mars/Base"})
    page = answer.content.decode()
    assert answer.status_code == 400, page
    assert "A sender is an address" in page
    assert "There is no time zone Mars/Base" in page
    assert "Quiet hours have a beginning and an end" in page
    assert 'value="nobody"' in page


def test_kill_switch_and_its_release_are_entered_in_the_log(sal: Client, workspace: None) -> None:
    sal.post("/connections/crm/switch/", {"to": "pause"})
    assert System.objects.get(key="crm").paused
    sal.post("/connections/crm/switch/", {"to": "resume"})
    assert not System.objects.get(key="crm").paused
    actions = AuditEntry.objects.filter(object_key="crm").order_by("number").values_list("action", flat=True)
    assert list(actions)[-2:] == ["system.pause", "system.resume"]


def test_stopping_everything_takes_a_reason(sal: Client, workspace: None) -> None:
    sal.post("/connections/outbound/", {"because": " "})
    assert not OutboundSwitch.objects.filter(off=True).exists()
    sal.post("/connections/outbound/", {"because": "wrong template"})
    assert "wrong template" in sal.get("/connections/").content.decode()
    sal.post("/connections/outbound/", {"to": "start"})
    assert not OutboundSwitch.objects.filter(off=True).exists()


def test_viewer_and_marketer_see_no_switch(ana: Client) -> None:
    assert "Stop all outbound" not in ana.get("/connections/").content.decode()
    assert ana.post("/connections/crm/switch/", {"to": "pause"}).status_code == 403
    assert ana.post("/effects/resolve/", {"verb": "skip"}).status_code == 403


def test_uncertain_effect_is_settled_by_who_has_looked(sal: Client, workspace: None) -> None:
    effect = Effect.objects.get(state="uncertain")
    assert "may or may not have happened" in sal.get(f"/effects/{effect.pk}/").content.decode()
    sal.post("/effects/resolve/", {"verb": "happened", "effect": effect.pk, "note": " "})
    assert Effect.objects.get(pk=effect.pk).state == "uncertain"
    sal.post("/effects/resolve/", {"verb": "happened", "effect": effect.pk, "note": "the task stands in the CRM"})
    after = Effect.objects.get(pk=effect.pk)
    assert (after.state, after.fence) == ("done", effect.fence + 1)
    assert "the task stands in the CRM" in after.reason
    twice = sal.post("/effects/resolve/", {"verb": "send-again", "effect": effect.pk, "note": "x"}, follow=True)
    assert "settled this already" in twice.content.decode()


def test_many_are_settled_at_once(sal: Client, workspace: None) -> None:
    Effect.objects.filter(state="done").update(state="failed", reason="the far side answered 500")
    ids = list(Effect.objects.filter(state="failed").values_list("pk", flat=True))
    page = sal.get("/effects/?state=failed").content.decode()
    assert page.count('name="effect"') == len(ids)
    sal.post(
        "/effects/resolve/", {"verb": "send-again", "effect": ids, "note": "mended", "back": "/effects/?state=failed"}
    )
    assert not Effect.objects.filter(state="failed").exists()
    assert AuditEntry.objects.filter(action="effect.send-again").count() == len(ids)


def test_answer_goes_back_to_this_site_only(sal: Client, workspace: None) -> None:
    effect = Effect.objects.get(state="uncertain")
    form = {"verb": "ask", "effect": effect.pk, "note": "?", "back": "https://elsewhere.example/"}
    assert sal.post("/effects/resolve/", form).headers["Location"] == "/effects/"


@pytest.mark.requirement("A2")
def test_person_changes_a_crm_record_and_has_it_asked_for(sal: Client, ana: Client, workspace: None) -> None:
    record = CrmRecord.objects.order_by("pk")[0]
    posted = {"status": "Working", "owner": "Priya Nair", "company_size": "250", "next_step": "Call on Monday"}
    assert sal.post(f"/crm/{record.pk}/", posted).status_code == 302
    record.refresh_from_db()
    assert (record.status, record.owner, record.fields["next_step"]) == ("Working", "Priya Nair", "Call on Monday")
    change = record.changes.latest("pk")
    assert (change.by, change.key) == ("Sal Romano", None)
    page = sal.get(f"/crm/{record.pk}/").content.decode()
    assert "Sal Romano" in page
    assert "Call on Monday" in page
    assert "What changes there" in sal.get("/connections/crm/").content.decode()
    assert sal.post("/connections/crm/ask/").status_code == 302
    assert AuditEntry.objects.filter(action="connection.ask", object_key="crm").exists()
    assert Poll.objects.get(pk="crm").next_at
    assert ana.post("/connections/crm/ask/").status_code == 403
    assert sal.post(f"/crm/{record.pk}/", {"status": "Nowhere"}).status_code == 400


def test_effects_are_looked_for_by_every_kind_that_there_is(sal: Client, workspace: None) -> None:
    page = sal.get("/effects/").content.decode()
    for kind in ("add_to_audience", "update_channels", "distribute_report"):
        assert f'<option value="{kind}">' in page
