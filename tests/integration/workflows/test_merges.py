"""Two contacts made one, and two again (requirements D6, D8)."""

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from martechops.inbox.models import InboxMessage
from martechops.people.models import User
from martechops.people.permissions import NotAllowed
from martechops.sandbox.models import MailboxMessage
from workflows.actions import inbound, merges
from workflows.engine.scoring import Score
from workflows.models import (
    ConsentEntry,
    Contact,
    ContactChange,
    ContactKey,
    DuplicateFinding,
    Effect,
    FieldChange,
    Merge,
    Run,
    Source,
    Timer,
)
from workflows.queries import scores
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

NOW = datetime.now(UTC).replace(microsecond=0)
FORM = {"form_id": "demo", "first_name": "Lea", "company": "Brightwater", "company_size": 300}

pytestmark = pytest.mark.django_db


@pytest.fixture
def sal(demo_of_monday: None, db: None) -> User:
    return User.objects.get(username="sal")


def send(name: str, email: str, *, at: datetime = NOW, **properties: Any) -> None:
    message = {
        "type": "track",
        "event": name,
        "messageId": f"{name} {email} {at}",
        "userId": email,
        "timestamp": at.isoformat(),
        "properties": {"email": email, **properties},
    }
    inbound.receive(source=Source.objects.get(key="demo-site"), messages=[message], received_at=at, sent_at=at)
    settle()


def settle() -> None:
    while advance() or deliver():
        pass


def two(**of_the_newer: Any) -> tuple[Contact, Contact]:
    """Lea under two addresses, each through the demo workflow as far as it goes."""
    send("Demo Requested", "lea@example.com", marketing_consent=True, **FORM)
    send("Demo Requested", "lea@private.example", **{"marketing_consent": True, **FORM, **of_the_newer})
    return Contact.objects.get(email="lea@example.com"), Contact.objects.get(email="lea@private.example")


def merged(sal: User, kept: Contact, gone: Contact, *from_gone: str) -> Merge:
    return merges.merge(kept_id=kept.pk, gone_id=gone.pk, by=sal, at=NOW, from_gone=from_gone)


@pytest.mark.requirement("D6")
def test_everything_of_the_one_that_goes_is_found_with_the_other(sal: User) -> None:
    kept, gone = two(company="Other Ltd")
    runs = Run.objects.count()
    merged(sal, kept, gone, "company")
    kept.refresh_from_db()
    assert kept.fields["company"] == "Other Ltd"
    assert not Contact.objects.filter(pk=gone.pk).exists()
    assert set(ContactKey.objects.values_list("contact_id", flat=True)) == {kept.pk}
    assert Run.objects.filter(contact_id=kept.pk).count() == runs
    change = FieldChange.objects.get(field="company", writer="sal")
    assert (change.old, change.new) == ("Brightwater", "Other Ltd")


def test_no_table_with_a_contact_is_forgotten(sal: User) -> None:
    kept, gone = two()
    merged(sal, kept, gone)
    left = {
        model._meta.db_table
        for model in merges.moved_models()
        if model._default_manager.filter(contact_id=gone.pk).exists()
    }
    assert left == set()
    assert len(merges.moved_models()) >= 15


@pytest.mark.requirement("D8")
def test_person_in_one_workflow_twice_goes_on_once(sal: User) -> None:
    kept, gone = two()
    merged(sal, kept, gone)
    states = Run.objects.filter(contact_id=kept.pk, entry_key__contains=f":{gone.pk}#", ended_at=NOW)
    assert {run.state for run in states} == {"stopped"}
    assert not Timer.objects.filter(run_id__in=[run.pk for run in states]).exists()


@pytest.mark.requirement("D8")
def test_welcome_that_one_of_them_got_is_not_sent_to_the_other_again(sal: User) -> None:
    send("Demo Requested", "lea@private.example", marketing_consent=True, **FORM)
    gone = Contact.objects.get(email="lea@private.example")
    send("Pricing Page Viewed", "lea@example.com")
    kept = Contact.objects.get(email="lea@example.com")
    before = MailboxMessage.objects.count()
    Run.objects.filter(contact_id=gone.pk).update(state=Run.State.DONE, entered_at=NOW - timedelta(days=40))
    Timer.objects.all().delete()
    merged(sal, kept, gone)
    send("Demo Requested", "lea@example.com", at=NOW + timedelta(minutes=1), marketing_consent=True, **FORM)
    assert MailboxMessage.objects.count() == before
    effect = Effect.objects.filter(contact_id=kept.pk, kind="send_message").latest("pk")
    assert effect.state == "suppressed"
    assert "already sent" in effect.reason


@pytest.mark.requirement("D4")
def test_latest_statement_of_both_ledgers_counts(sal: User) -> None:
    kept, gone = two()
    send("Unsubscribed", "lea@private.example", at=NOW + timedelta(minutes=1))
    merged(sal, kept, gone)
    kept.refresh_from_db()
    assert kept.consent["email"]["state"] == "denied"
    assert ConsentEntry.objects.filter(contact_id=kept.pk).count() == 3


def test_next_event_of_either_address_is_the_kept_contacts(sal: User) -> None:
    kept, gone = two()
    merged(sal, kept, gone)
    send("Meeting Booked", "lea@private.example", at=NOW + timedelta(minutes=5))
    assert Contact.objects.count() == 1


@pytest.mark.requirement("D6")
def test_undoing_gives_each_its_own_again(sal: User) -> None:
    kept, gone = two(company="Other Ltd")
    before = _picture()
    done = merged(sal, kept, gone, "company")
    merges.undo(done, by=sal, at=NOW)
    after = _picture()
    for part, was in before.items():
        assert after[part] == was
    with pytest.raises(merges.CannotMerge, match="undone"):
        merges.undo(done, by=sal, at=NOW)


def _picture() -> dict[str, Any]:
    """All that a merge may touch, as it stands."""
    scoring, later = scores.compiled(), NOW + timedelta(days=1)
    people = {
        c.pk: (
            c.email,
            c.fields,
            c.consent,
            c.lifecycle_stage,
            round(scoring.left(Score(c.score, c.scored_at), at=later), 6),
            c.created_at,
        )
        for c in Contact.objects.all()
    }
    rows = {
        model._meta.db_table: sorted(map(str, model._default_manager.values_list("pk", "contact_id")))
        for model in merges.moved_models()
        if model is not ContactChange
    }
    runs = sorted(Run.objects.values_list("pk", "state", "step", "reason"))
    effects = sorted(Effect.objects.values_list("pk", "state", "once_key", "reason"), key=str)
    return {"people": people, "rows": rows, "runs": runs, "effects": effects, "due": sorted(_due())}


def _due() -> list[tuple[int, datetime]]:
    return list(Timer.objects.values_list("run_id", "due_at"))


def test_what_changed_since_the_merge_stays_when_it_is_undone(sal: User) -> None:
    kept, gone = two(company="Other Ltd")
    done = merged(sal, kept, gone, "company")
    Contact.objects.filter(pk=kept.pk).update(fields={**FORM, "company": "Third Ltd"})
    merges.undo(done, by=sal, at=NOW)
    kept.refresh_from_db()
    assert kept.fields["company"] == "Third Ltd"


def test_entry_after_an_undone_merge_takes_a_number_of_its_own(sal: User) -> None:
    kept, gone = two()
    done = merged(sal, kept, gone)
    merges.undo(done, by=sal, at=NOW)
    for days in (40, 80):
        send("Unsubscribed", "lea@example.com", at=NOW + timedelta(days=days - 1))
        send("Demo Requested", "lea@example.com", at=NOW + timedelta(days=days), marketing_consent=True, **FORM)
    assert Run.objects.values("workflow_id", "entry_key").distinct().count() == Run.objects.count()


def test_plan_names_what_would_happen_and_changes_nothing(sal: User) -> None:
    kept, gone = two(company="Other Ltd")
    before = _picture()
    found = merges.plan(kept_id=kept.pk, gone_id=gone.pk)
    assert [line.field for line in found.lines if line.differs] == ["company", "email"]
    assert found.stops >= 1
    assert found.moves["runs"] >= 1
    assert _picture() == before


def test_contact_is_not_merged_with_itself_or_with_one_that_is_gone(sal: User) -> None:
    kept, gone = two()
    with pytest.raises(merges.CannotMerge, match="itself"):
        merged(sal, kept, kept)
    merged(sal, kept, gone)
    with pytest.raises(merges.CannotMerge, match=f"it is contact {kept.pk} now"):
        merged(sal, kept, gone)


def test_marketer_may_not_merge(sal: User) -> None:
    kept, gone = two()
    with pytest.raises(NotAllowed):
        merged(User.objects.get(username="ana"), kept, gone)


def test_pages_compare_merge_and_undo(sal: User, client: Client) -> None:
    client.force_login(sal)
    kept, gone = two(company="Other Ltd")
    DuplicateFinding.objects.create(
        contact_id=kept.pk, other_id=gone.pk, by={"first_name": "Lea"}, found_at=NOW, state="found"
    )
    assert "lea@private.example" in client.get("/contacts/duplicates/").content.decode()
    page = client.get(f"/contacts/{kept.pk}/merge/?other={gone.pk}").content.decode()
    assert "Other Ltd" in page
    client.post(f"/contacts/{kept.pk}/merge/", {"other": gone.pk, "take-company": "gone"})
    assert client.get(f"/contacts/{gone.pk}/").headers["Location"] == f"/contacts/{kept.pk}/"
    page = client.get(f"/contacts/{kept.pk}/").content.decode()
    assert "Other Ltd" in page
    assert "Undo" in page
    client.post(f"/contacts/merges/{Merge.objects.get().pk}/undo/")
    assert Contact.objects.filter(pk=gone.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_merge_and_an_event_of_the_one_that_goes_at_the_same_moment(sal: User) -> None:
    """The worker has recognised the contact and waits for its lock while it is merged away."""
    kept, gone = two()
    message = {
        "type": "track",
        "event": "Pricing Page Viewed",
        "messageId": "race",
        "userId": "lea@private.example",
        "properties": {},
    }
    inbound.receive(source=Source.objects.get(key="demo-site"), messages=[message], received_at=NOW, sent_at=NOW)
    handled = []

    def handle() -> None:
        handled.append(advance())
        connection.close()

    with transaction.atomic():
        Contact.objects.select_for_update().get(pk=gone.pk)
        worker = threading.Thread(target=handle)
        worker.start()
        worker.join(1.0)
        assert worker.is_alive()
        merged(sal, kept, gone)
    worker.join(20)
    assert handled == [1]
    assert Contact.objects.count() == 1


def suspected(kept: Contact, gone: Contact) -> DuplicateFinding:
    return DuplicateFinding.objects.create(
        contact_id=min(kept.pk, gone.pk), other_id=max(kept.pk, gone.pk), by={"company": "Brightwater"}, found_at=NOW
    )


@pytest.mark.requirement("D6")
def test_two_people_are_said_to_be_two_on_the_page(sal: User) -> None:
    finding = suspected(*two())
    client = Client()
    client.force_login(sal)
    assert client.post("/contacts/duplicates/", {"finding": "no number"}).status_code == 404
    page = client.post("/contacts/duplicates/", {"finding": finding.pk}, follow=True).content.decode()
    assert "they are two people" in page
    finding.refresh_from_db()
    assert (finding.state, finding.decided_by) == ("dismissed", sal)


def test_page_that_is_out_of_date_does_not_make_two_of_what_is_merged(sal: User) -> None:
    kept, gone = two()
    finding = suspected(kept, gone)
    merged(sal, kept, gone)
    with pytest.raises(merges.CannotMerge, match="Meanwhile it is decided: merged"):
        merges.dismiss(finding, by=sal, at=NOW)
    finding.refresh_from_db()
    assert finding.state == "merged"


def test_undoing_puts_the_finding_back_and_takes_messages_with_it(sal: User) -> None:
    kept, gone = two()
    low, high = sorted((kept.pk, gone.pk))
    finding = DuplicateFinding.objects.create(contact_id=low, other_id=high, state="proposed", found_at=NOW)
    message = InboxMessage.objects.create(key=uuid.uuid4(), contact_id=gone.pk, subject="Hello", text="x", sent_at=NOW)
    done = merged(sal, kept, gone)
    finding.refresh_from_db()
    message.refresh_from_db()
    assert (finding.state, finding.decided_by, message.contact_id) == ("merged", sal, kept.pk)
    merges.undo(done, by=sal, at=NOW)
    finding.refresh_from_db()
    message.refresh_from_db()
    assert (finding.state, finding.decided_by, finding.decided_at) == ("proposed", None, None)
    assert message.contact_id == gone.pk


@pytest.mark.requirement("D3")
def test_message_held_for_somebodys_word_is_held_again_after_the_undoing(sal: User) -> None:
    kept, gone = two()
    waiting = Effect.objects.filter(contact_id=gone.pk, kind="send_message")
    waiting.update(state="held", reason="somebody of email-team has to let it go", ended_at=None)
    before = MailboxMessage.objects.count()
    done = merged(sal, kept, gone)
    assert [effect.state for effect in Effect.objects.filter(kind="send_message").order_by("pk")] == [
        "done",
        "cancelled",
    ]
    merges.undo(done, by=sal, at=NOW)
    settle()
    effect = waiting.get()
    assert (effect.state, effect.reason) == ("held", "somebody of email-team has to let it go")
    assert MailboxMessage.objects.count() == before


def test_undone_merge_that_noted_no_states_holds_what_it_cancelled(sal: User) -> None:
    kept, gone = two()
    waiting = Effect.objects.filter(contact_id=gone.pk, kind="send_message")
    waiting.update(state="planned", reason="", ended_at=None)
    done = merged(sal, kept, gone)
    done.moved["cancelled"] = [one["id"] for one in done.moved["cancelled"]]
    done.save()
    merges.undo(done, by=sal, at=NOW)
    assert waiting.get().state == "held"


def test_pressing_twice_merges_nobody_else(sal: User, client: Client) -> None:
    """The number of the one that is gone is part of somebody's address, and that alone."""
    client.force_login(sal)
    kept, gone = two()
    send("Demo Requested", f"person{gone.pk}@example.com", **FORM)
    address = f"/contacts/{kept.pk}/merge/"
    client.post(address, {"other": gone.pk})
    page = client.post(address, {"other": gone.pk}, follow=True).content.decode()
    assert f"There is no contact {gone.pk}: it is contact {kept.pk} now." in page
    assert Merge.objects.count() == 1
    assert client.post(address, {"other": f"person{gone.pk}@example.com"}).status_code == 302
    assert Merge.objects.count() == 1
