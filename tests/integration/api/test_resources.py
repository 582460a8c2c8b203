"""What can be read through the interface, and how it is found."""

import pytest

from workflows.models import Source

from .conftest import Ask, Story, a_contact, an_event

LISTS = ["contacts", "events", "runs", "effects"]


@pytest.mark.parametrize("spelling", ["ana@example.com", "ANA@Example.com", "  ana@example.com "])
def test_contact_is_found_by_address_however_it_is_spelt(ask: Ask, story: Story, spelling: str) -> None:
    a_contact("ben@example.com")
    status, body = ask("/api/v1/contacts", email=spelling)
    assert status == 200
    assert [found["id"] for found in body["results"]] == [story.contact.pk]


def test_contact_is_found_by_a_former_address_too(ask: Ask, story: Story) -> None:
    story.contact.email = "ana.lopez@example.com"
    story.contact.save()
    _, body = ask("/api/v1/contacts", email="ana@example.com")
    assert [found["email"] for found in body["results"]] == ["ana.lopez@example.com"]


@pytest.mark.parametrize("nobody", ["cy@example.com", "no address", "ana@example.co"])
def test_address_of_nobody_finds_nobody(ask: Ask, story: Story, nobody: str) -> None:
    assert ask("/api/v1/contacts", email=nobody)[1]["results"] == []


def test_details_say_what_the_numbers_point_to(ask: Ask, story: Story) -> None:
    assert ask(f"/api/v1/contacts/{story.contact.pk}")[1]["fields"] == {"first_name": "Ana"}
    event = ask(f"/api/v1/events/{story.event.pk}")[1]
    assert (event["source"], event["state"], event["body"]) == ("form", "handled", {"event": "Demo Requested"})
    run = ask(f"/api/v1/runs/{story.run.pk}")[1]
    assert (run["workflow"], run["version"], run["state"], run["step"]) == ("demo-request", 3, "waiting", "pause")
    effect = ask(f"/api/v1/effects/{story.effect.pk}")[1]
    assert (effect["workflow"], effect["state"], effect["reason"], effect["payload"]) == (
        "demo-request",
        "suppressed",
        "There is no consent for email.",
        {"to": "ana@example.com"},
    )


def test_event_says_what_became_of_it(ask: Ask, story: Story) -> None:
    source = Source.objects.get()
    queued = an_event(source, name="Queued", queued=True)
    refused = an_event(source, name="Refused", violation="email is missing")
    _, body = ask("/api/v1/events")
    states = {event["id"]: event["state"] for event in body["results"]}
    assert states == {story.event.pk: "handled", queued.pk: "queued", refused.pk: "quarantine_held"}
    _, detail = ask(f"/api/v1/events/{refused.pk}")
    assert detail["violations"] == [{"path": "/properties", "says": "email is missing"}]


@pytest.mark.parametrize(
    ("address", "fits", "does_not"),
    [
        ("contacts", {"lifecycle_stage": ""}, {"lifecycle_stage": "mql"}),
        ("contacts", {"updated_after": "2026-11-22T12:00:00Z"}, {"updated_before": "2026-11-22T13:00:00+01:00"}),
        ("events", {"source": "form"}, {"source": "other"}),
        ("events", {"name": "Demo Requested", "type": "track"}, {"name": "Unsubscribed"}),
        ("events", {"quarantined": "false"}, {"quarantined": "true"}),
        ("runs", {"workflow": "demo-request", "state": "waiting"}, {"workflow": "other"}),
        ("runs", {"step": "pause"}, {"state": "failed"}),
        ("effects", {"kind": "send_message", "system": "email"}, {"kind": "create_task"}),
        ("effects", {"state": "suppressed", "workflow": "demo-request"}, {"state": "done"}),
    ],
)
def test_filters_narrow_the_list(
    ask: Ask, story: Story, address: str, fits: dict[str, str], does_not: dict[str, str]
) -> None:
    assert len(ask(f"/api/v1/{address}", **fits)[1]["results"]) == 1
    assert ask(f"/api/v1/{address}", **does_not)[1]["results"] == []


def test_runs_and_effects_of_a_contact(ask: Ask, story: Story) -> None:
    for address in ("runs", "effects"):
        assert len(ask(f"/api/v1/{address}", contact=story.contact.pk)[1]["results"]) == 1
        assert ask(f"/api/v1/{address}", contact=story.contact.pk + 1)[1]["results"] == []


def test_pages_follow_each_other_without_skipping_or_repeating_while_rows_are_added(ask: Ask, story: Story) -> None:
    people = [a_contact(f"lead{number}@example.com").pk for number in range(7)]
    seen = []
    status, body = ask("/api/v1/contacts", page_size=3)
    while True:
        seen += [found["id"] for found in body["results"]]
        a_contact(f"late{len(seen)}@example.com")
        if body["next"] is None:
            break
        status, body = ask(body["next"])
        assert status == 200
    assert seen == [*reversed(people), story.contact.pk]


@pytest.mark.parametrize("address", LISTS)
def test_list_takes_as_many_queries_for_many_rows_as_for_one(
    ask: Ask, story: Story, address: str, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(5):  # token, its use, its allowance, the rows
        assert ask(f"/api/v1/{address}")[0] == 200
