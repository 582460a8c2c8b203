"""A version that was rolled back is put right: where it is still the version's, once, with the reason for the rest."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from campaigns.actions import repairs, rollouts
from campaigns.models import Repair, Rollout
from campaigns.queries import repairs as reading
from martechops.audit.models import AuditEntry
from martechops.people.actions import tokens
from martechops.people.models import User
from martechops.sandbox.models import CrmRecord, CrmTask, MailboxMessage
from tests.fixtures import crowd
from workflows.actions import contact_fields, inbound
from workflows.models import (
    AudienceMember,
    Contact,
    Effect,
    FieldChange,
    MessageTemplate,
    Run,
    Source,
    Timer,
    Trace,
    Version,
)
from workflows.runtime import definitions
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
#: The wait of the crowd is over.
THEN = AT + timedelta(days=3)


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a former test's definitions were called, this world has its own."""
    monkeypatch.setattr(definitions, "_latest", None)


@pytest.fixture
def bad(demo_of_monday: None, db: None) -> Rollout:
    """Live: a version that makes everybody an opportunity once the wait is over."""
    steps = crowd.steps_of()
    promote = {**steps["qualify"], "key": "promote", "name": "Promote", "with": {"stage": "opportunity"}}
    promote.pop("when", None)
    order = [*list(steps)[: list(steps).index("pause") + 1], "promote", *list(steps)[list(steps).index("pause") + 1 :]]
    version = crowd.published([{**steps, "promote": promote}[key] for key in order], at=AT)
    return rollouts.switch_over(version=version, by="tests", at=AT)


@pytest.fixture
def ana(bad: Rollout) -> User:
    return User.objects.get(username="ana")


@pytest.fixture
def sal(bad: Rollout) -> User:
    return User.objects.get(username="sal")


def happen() -> None:
    while advance(at=THEN) or deliver(at=THEN):
        pass


def hear(event: str, contact: Contact) -> None:
    """Somebody did something, and what follows of it is decided."""
    body = {
        "type": "track",
        "event": event,
        "messageId": f"{event} {contact.pk}",
        "properties": {"email": contact.email},
    }
    source = Source.objects.filter(enabled=True).earliest("pk")
    inbound.receive(source=source, messages=[body], received_at=THEN, sent_at=None)
    while advance(at=THEN):
        pass


def roll_back(rollout: Rollout) -> Repair:
    """As its gates or somebody do; listed, and to be confirmed."""
    rollouts.take(rollout=rollout, verb="roll_back", by="tests", at=THEN, because="It was bad")
    repair = Repair.objects.filter(version=rollout.version).latest("pk")
    carry_on()
    repair.refresh_from_db()
    return repair


def carry_on() -> None:
    while repairs.carry_on(at=THEN):
        pass


def stages() -> dict[str, int]:
    found: dict[str, int] = {}
    for stage in Contact.objects.values_list("lifecycle_stage", flat=True):
        found[stage] = found.get(stage, 0) + 1
    return found


@pytest.mark.requirement("G3")
def test_of_200_contacts_20_of_which_somebody_edited_since_180_are_restored_and_20_reported(
    bad: Rollout, ana: User, sal: User
) -> None:
    crowd.waiting(bad.version, {"pause": 200}, at=AT)
    happen()
    assert stages() == {"opportunity": 200}
    for contact in Contact.objects.order_by("pk")[:20]:
        writer = contact_fields.writer_of(sal)
        contact_fields.write(contact=contact, values={"lifecycle_stage": "customer"}, writer=writer, by=sal, at=THEN)
    happen()
    repair = roll_back(bad)
    counts = reading.counts(repair)
    assert (repair.state, repair.runs) == ("listed", 200)
    assert (counts.of("planned", "field"), counts.of("left", "field")) == (180, 20)
    assert stages() == {"opportunity": 180, "customer": 20}, "nothing is put right before it is confirmed"
    runs = Run.objects.count()
    repairs.confirm(repair=repair, by=ana, at=THEN)
    carry_on()
    assert stages() == {"mql": 180, "customer": 20}
    counts = reading.counts(repair)
    assert (counts.of("done", "field"), counts.of("left", "field"), counts.planned) == (180, 20, 0)
    assert set(repair.items.filter(kind="field", state="left").values_list("reason", flat=True)) == {
        "sal has written customer since"
    }
    happen()
    assert Run.objects.count() == runs, "being put right begins nothing"
    assert CrmTask.objects.filter(done_at=None).count() == 0
    assert CrmTask.objects.count() == 200
    assert CrmRecord.objects.filter(status="Marketing qualified").count() == 180
    _run_it_twice(bad, ana)


def _run_it_twice(bad: Rollout, ana: User) -> None:
    """The same repair goes no further, and another one of the same version finds nothing to do."""
    before = (FieldChange.objects.count(), Effect.objects.count(), stages())
    carry_on()
    again = repairs.open_for(version=bad.version, by=ana, at=THEN)
    carry_on()
    again.refresh_from_db()
    assert reading.counts(again).planned == 0
    repairs.confirm(repair=again, by=ana, at=THEN)
    carry_on()
    assert (FieldChange.objects.count(), Effect.objects.count(), stages()) == before
    again.refresh_from_db()
    assert again.state == "done"


def test_the_story_of_a_contact_says_what_was_put_back_and_the_history_who_did(bad: Rollout, ana: User) -> None:
    crowd.waiting(bad.version, {"pause": 1}, at=AT)
    happen()
    repair = repairs.confirm(repair=roll_back(bad), by=ana, at=THEN)
    carry_on()
    detail = Trace.objects.latest("pk").detail
    assert detail["cause"]["name"].startswith("Repaired: version ")
    assert detail["changes"] == [
        {"field": "lifecycle_stage", "old": "opportunity", "new": "mql", "why": f"repair-{repair.pk}"}
    ]
    change = FieldChange.objects.latest("pk")
    assert (change.writer, change.step) == (f"repair-{repair.pk}", "promote")
    said = [entry.action for entry in AuditEntry.objects.filter(object_kind="repair").order_by("number")]
    assert said == ["repair.open", "repair.confirm", "repair.done"]


def test_list_from_before_it_was_rolled_back_makes_room_for_one_of_everything(bad: Rollout, ana: User) -> None:
    crowd.waiting(bad.version, {"pause": 3}, at=AT)
    early = repairs.open_for(version=bad.version, by=ana, at=AT)
    carry_on()
    early.refresh_from_db()
    found = reading.counts(early)
    assert (early.state, found.of("planned", "run"), found.of("planned", "field")) == ("listed", 3, 0)
    with pytest.raises(repairs.WrongState, match="still enter version"):
        repairs.confirm(repair=early, by=ana, at=THEN)
    happen()
    whole = roll_back(bad)
    early.refresh_from_db()
    assert early.state == "dismissed"
    assert reading.counts(whole).of("planned", "field") == 3, "which the first list could not know"
    repairs.confirm(repair=whole, by=ana, at=THEN)
    carry_on()
    assert stages() == {"mql": 3}


def test_who_went_on_by_themselves_meanwhile_is_put_back_as_far_as_they_came(bad: Rollout, ana: User) -> None:
    """An event takes nobody back, so it left no entry while the version's stage stood in its way."""
    crowd.waiting(bad.version, {"pause": 3}, at=AT)
    happen()
    met, tried, neither = Contact.objects.order_by("pk")
    hear("Meeting Booked", met)
    hear("Trial Started", tried)
    assert stages() == {"opportunity": 3}
    repair = roll_back(bad)
    assert reading.counts(repair).of("planned", "field") == 2
    repairs.confirm(repair=repair, by=ana, at=THEN)
    carry_on()
    happen()
    stage = dict(Contact.objects.values_list("pk", "lifecycle_stage"))
    assert stage == {met.pk: "sql", tried.pk: "opportunity", neither.pk: "mql"}
    said = dict(repair.items.filter(kind="field").values_list("contact_id", "reason"))
    assert said == {
        met.pk: "event Meeting Booked has said sql since",
        tried.pk: "event Trial Started has said opportunity since",
        neither.pk: "put back",
    }
    assert {row.email: row.status for row in CrmRecord.objects.all()} == {
        met.email: "Sales qualified",
        tried.email: "Opportunity",
        neither.email: "Marketing qualified",
    }
    _run_it_twice(bad, ana)


def test_far_side_that_another_workflow_told_of_the_stage_is_told_of_the_one_put_back(bad: Rollout, ana: User) -> None:
    """What keeps the CRM in step is not rolled back with the version, and says what it had made of the contact."""
    crowd.waiting(bad.version, {"pause": 1}, at=AT)
    while advance(at=THEN):
        pass
    person = Contact.objects.get()
    hear("Meeting Booked", person)
    repair = roll_back(bad)
    while deliver(at=THEN):
        pass
    assert CrmRecord.objects.get().status == "Opportunity"
    assert not Effect.objects.filter(version_id=bad.version_id, kind="upsert_record", state="done").exists()
    repairs.confirm(repair=repair, by=ana, at=THEN)
    carry_on()
    happen()
    assert (stages(), CrmRecord.objects.get().status) == ({"sql": 1}, "Sales qualified")


def test_what_a_killed_worker_may_have_done_is_called_off_and_undone_as_if_it_had_happened(
    bad: Rollout, ana: User
) -> None:
    crowd.waiting(bad.version, {"pause": 1}, at=AT)
    while advance(at=THEN):
        pass
    open_ones = Effect.objects.filter(version_id=bad.version_id, state="planned")
    kinds = set(open_ones.values_list("kind", flat=True))
    assert kinds == {"upsert_record", "create_task"}
    open_ones.update(doubt_since=AT)
    repairs.confirm(repair=roll_back(bad), by=ana, at=THEN)
    carry_on()
    undone = Effect.objects.filter(step="$repair", state="planned").values_list("kind", flat=True)
    assert sorted(undone) == ["close_task", "upsert_record"], "the CRM may have heard of the stage, and of the task"
    repair = Repair.objects.get()
    said = repair.items.get(kind="send", label="upsert_record")
    assert (said.state, "ended before it could say" in said.reason) == ("cannot", True)
    assert not Effect.objects.filter(version_id=bad.version_id, state__in=["planned", "held"]).exclude(step="$repair")


def test_whom_a_version_put_into_an_audience_without_telling_anybody_is_in_it_no_more(
    demo_of_monday: None, db: None
) -> None:
    mark = {
        "key": "mark",
        "stage": "engage",
        "system": "crm",
        "action": "add_to_audience",
        "with": {"audience": "marked"},
        "owner": "sales-ops",
        "output": "in the audience",
    }
    steps = crowd.steps_of()
    version = crowd.published([steps["pause"], mark], at=AT)
    rollout = rollouts.switch_over(version=version, by="tests", at=AT)
    crowd.waiting(version, {"pause": 2}, at=AT)
    while advance(at=THEN):
        pass
    assert AudienceMember.objects.count() == 2
    Effect.objects.filter(kind="add_to_audience", contact_id=Contact.objects.earliest("pk").pk).update(state="reserved")
    ana = User.objects.get(username="ana")
    repair = repairs.confirm(repair=roll_back(rollout), by=ana, at=THEN)
    carry_on()
    assert AudienceMember.objects.count() == 1, "a worker has the other in hand"
    Effect.objects.filter(state="reserved").update(state="done")
    carry_on()
    repair.refresh_from_db()
    assert (repair.state, AudienceMember.objects.count()) == ("done", 0)
    assert [row.kind for row in Effect.objects.filter(step="$repair")] == ["remove_from_audience"]


def test_list_waits_for_whoever_was_at_work_when_it_was_rolled_back(bad: Rollout, ana: User) -> None:
    """They read what was live before, and what they commit then would not be on it."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_current_xact_id()")
            repair = roll_back(bad)
            assert repair.state == "listing"
            cursor.execute("ROLLBACK")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # which a worker's next transaction does by itself
    finally:
        other.close()
    carry_on()
    repair.refresh_from_db()
    assert repair.state == "listed"


def test_repair_that_cannot_go_on_does_not_keep_the_others(
    bad: Rollout, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.waiting(bad.version, {"pause": 2}, at=AT)
    happen()
    repair = roll_back(bad)
    poison = Repair.objects.create(pk=repair.pk - 1, version=bad.stable or bad.version, state="running", opened_at=AT)
    put_right = repairs._put_right

    def cannot(one: Repair, at: datetime) -> int:
        if one == poison:
            raise ValueError("what was planted")
        return put_right(one, at)

    monkeypatch.setattr(repairs, "_put_right", cannot)
    monkeypatch.setattr(repairs, "_list", cannot)
    repairs.confirm(repair=repair, by=ana, at=THEN)
    carry_on()
    repair.refresh_from_db()
    poison.refresh_from_db()
    assert (repair.state, poison.state) == ("done", "running")


def test_what_was_not_sent_is_called_off_and_nobody_goes_further(bad: Rollout, ana: User) -> None:
    crowd.waiting(bad.version, {"pause": 4}, at=AT)
    while advance(at=THEN):
        pass
    planned = set(Effect.objects.filter(state="planned", version_id=bad.version_id).values_list("pk", flat=True))
    assert planned
    still = crowd_of_two_more(bad.version)
    repairs.confirm(repair=roll_back(bad), by=ana, at=THEN)
    carry_on()
    assert set(Effect.objects.filter(pk__in=planned).values_list("state", flat=True)) == {"cancelled"}
    assert set(Run.objects.filter(pk__in=still).values_list("state", flat=True)) == {"stopped"}
    assert not Timer.objects.filter(pk__in=still).exists()


def crowd_of_two_more(version: Version) -> list[int]:
    """Two who are still on the way."""
    found = []
    for run in Run.objects.filter(version_id=version.pk).order_by("pk")[:2]:
        Run.objects.filter(pk=run.pk).update(state="waiting", step="pause")
        Timer.objects.create(run_id=run.pk, contact_id=run.contact_id, due_at=THEN + timedelta(days=1))
        found.append(run.pk)
    return found


def test_a_repair_that_was_killed_goes_on_and_does_nothing_twice(
    bad: Rollout, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.waiting(bad.version, {"pause": 5}, at=AT)
    happen()
    repair = repairs.confirm(repair=roll_back(bad), by=ana, at=THEN)
    monkeypatch.setattr(repairs, "ITEMS_AT_ONCE", 2)
    with transaction.atomic():
        assert repairs.carry_on(at=THEN) == 2
        transaction.set_rollback(True)  # as a worker's end does
    assert reading.counts(repair).done == 0
    carry_on()
    assert stages() == {"mql": 5}
    assert FieldChange.objects.filter(writer=f"repair-{repair.pk}").count() == 5


def test_what_cannot_be_undone_is_listed_with_a_draft_that_nobody_sends(bad: Rollout, ana: User) -> None:
    crowd.waiting(bad.version, {"pause": 3}, at=AT)
    happen()
    sent = MailboxMessage.objects.count()
    repair = repairs.confirm(repair=roll_back(bad), by=ana, at=THEN)
    carry_on()
    assert reading.sent_templates(repair) == [("email", "demo-welcome", 3)]
    draft = MessageTemplate.objects.get(pk=repair.correction_id)
    assert draft.status == "draft"
    assert "sent by mistake" in draft.body
    happen()
    assert MailboxMessage.objects.count() == sent


def test_the_page_names_numbers_and_is_confirmed_by_who_may(bad: Rollout, ana: User) -> None:
    crowd.waiting(bad.version, {"pause": 2}, at=AT)
    happen()
    repair = roll_back(bad)
    page, viewer, owner = f"/repairs/{repair.pk}/", Client(), Client()
    viewer.force_login(User.objects.get(username="ida"))
    owner.force_login(ana)
    planned = reading.counts(repair).planned
    assert f"Put {planned} right" in owner.get(page).content.decode()
    assert f"Put {planned} right" not in viewer.get(page).content.decode()
    assert viewer.post(f"{page}move/", {"verb": "confirm"}).status_code == 403
    assert owner.post(f"{page}move/", {"verb": "confirm"}).status_code == 302
    carry_on()
    assert "put right" in owner.get(page, {"state": "done"}).content.decode()
    lines = b"".join(owner.get(f"{page}file/")).decode().splitlines()
    assert len(lines) == 1 + repair.items.count()
    assert "/repairs/" in owner.get("/repairs/").content.decode()


def test_by_interface_it_is_listed_read_and_confirmed_once(bad: Rollout, ana: User) -> None:
    crowd.waiting(bad.version, {"pause": 1}, at=AT)
    happen()
    repair = roll_back(bad)
    _, secret = tokens.create(user=ana, scopes=["repairs:read", "repairs:write"], by="tests", at=datetime.now(UTC))
    client, headers = Client(), {"Authorization": f"Bearer {secret}"}
    address = f"/api/v1/repairs/{repair.pk}"
    assert client.get(address, headers=headers).json()["counts"]["field"] == {"planned": 1}
    assert client.get(f"{address}/items", headers=headers).json()["results"]
    opened = client.post("/api/v1/repairs", {"version": bad.version_id}, "application/json", headers=headers)
    assert (opened.status_code, opened.json()["id"]) == (201, repair.pk), "one is open already"
    assert client.post(f"{address}/confirm", {}, "application/json", headers=headers).json()["state"] == "running"
    assert client.post(f"{address}/confirm", {}, "application/json", headers=headers).status_code == 409
