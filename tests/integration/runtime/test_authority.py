"""Values that come in by events and steps are written only by those who may; the rest is asked of the owner."""

from collections.abc import Callable

import pytest

from workflows.models import ChangeRequest, ConsentEntry, Contact, Effect, Field, FieldChange, System, Trace

from .conftest import nurture_runs, settle


def of(contact: Contact) -> list[tuple[str, object, str, str]]:
    return [
        (r.field, r.value, r.requested_by, r.owner.key)
        for r in ChangeRequest.objects.filter(contact_id=contact.pk).order_by("id")
    ]


@pytest.mark.requirement("C8")
def test_a_system_that_is_not_the_record_of_a_field_asks_its_owner(
    demo: None, request_demo: Callable[..., str]
) -> None:
    Field.objects.filter(key="company").update(system_of_record=System.objects.get(key="crm"))
    request_demo()
    settle()
    lea = Contact.objects.get(email="lea@example.com")
    assert "company" not in lea.fields
    assert lea.fields["first_name"] == "Lea"
    assert of(lea) == [("company", "Brightwater", "web-form", "marketing-ops")]
    assert not FieldChange.objects.filter(field="company").exists()
    trace = Trace.objects.get(contact_id=lea.pk)
    assert trace.detail["refused"] == [
        {
            "field": "company",
            "value": "Brightwater",
            "writer": "web-form",
            "because": "web-form may not write company: it is maintained in crm",
            "asked": True,
        }
    ]


def test_asking_for_the_same_while_it_waits_is_no_second_request(
    demo: None, send: Callable[..., str], request_demo: Callable[..., str]
) -> None:
    Field.objects.filter(key="company").update(system_of_record=System.objects.get(key="crm"))
    request_demo()
    request_demo()
    settle()
    request_demo()
    request_demo(company="Brightwater Ltd")
    settle()
    lea = Contact.objects.get(email="lea@example.com")
    assert [value for _, value, _, _ in of(lea)] == ["Brightwater", "Brightwater Ltd"]


@pytest.mark.requirement("C6")
def test_a_step_of_the_wrong_stage_changes_neither_contact_nor_crm_and_asks(
    demo: None, request_demo: Callable[..., str]
) -> None:
    Field.objects.filter(key="lifecycle_stage").update(written_in=["measure"])
    request_demo()
    settle()
    lea = Contact.objects.get(email="lea@example.com")
    assert lea.lifecycle_stage is None  # neither by the event's own effect nor by the step
    assert [(field, by) for field, _, by, _ in of(lea)] == [
        ("lifecycle_stage", "event Demo Requested"),
        ("lifecycle_stage", "demo-request-nurture"),
    ]
    assert ChangeRequest.objects.get(requested_by="demo-request-nurture").run_id == nurture_runs().get().pk
    withheld = Effect.objects.get(step="qualify")
    assert (withheld.state, withheld.reason) == (
        "suppressed",
        "enrich may not write lifecycle_stage: it is written in measure",
    )


@pytest.mark.requirement("C8")
def test_a_withdrawal_is_taken_from_anybody_and_a_grant_is_asked(demo: None, request_demo: Callable[..., str]) -> None:
    Field.objects.filter(key="consent.email").update(system_of_record=System.objects.get(key="email"))
    request_demo()
    request_demo("max@example.com", marketing_consent=False)
    settle()
    lea, max_ = Contact.objects.get(email="lea@example.com"), Contact.objects.get(email="max@example.com")
    assert lea.consent == {}
    assert of(lea) == [("consent.email", "granted", "web-form", "email-team")]
    assert max_.consent["email"]["state"] == "denied"
    assert ConsentEntry.objects.get().contact_id == max_.pk


@pytest.mark.requirement("I1")
def test_a_frozen_field_is_written_by_its_system_alone(demo: None, request_demo: Callable[..., str]) -> None:
    Field.objects.filter(key__in=["lifecycle_stage", "company", "score"]).update(status="frozen")
    request_demo()
    settle()
    lea = Contact.objects.get(email="lea@example.com")
    assert (lea.lifecycle_stage, lea.score, lea.fields["company"]) == (None, 0, "Brightwater")
    assert not ChangeRequest.objects.exists()
