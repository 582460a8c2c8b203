"""Pages say what happened and why, ask the database a handful of times, and escape what came from outside."""

import json
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from martechops import pages
from martechops.audit.models import AuditEntry
from martechops.people.models import User
from martechops.sandbox.models import MailboxMessage
from tests.fixtures import lived_in
from workflows.models import Contact, Effect, QuarantinedEvent, QueuedEvent, Run

QUERIES_A_PAGE = 30  # two are the session and the person, a dozen the lint when something has changed


def text_of(client: Client, address: str) -> str:
    """The page's words, without markup and with single spaces."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    body = re.sub(r"<(title|svg|script|head)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def contact(email: str) -> Contact:
    return Contact.objects.get(email=email)


def test_every_page_asks_the_database_a_handful_of_times(ana: Client, django_assert_max_num_queries) -> None:
    for address in lived_in.addresses():
        with django_assert_max_num_queries(QUERIES_A_PAGE, info=address):
            answer = ana.get(address)
        assert answer.status_code == (404 if address == "/nowhere/" else 200), address


def test_no_page_has_inline_scripts_styles_or_handlers(ana: Client) -> None:
    for address in lived_in.addresses():
        page = ana.get(address).content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page), address


def test_every_time_has_its_zone_and_a_machine_readable_form(ana: Client) -> None:
    for address in lived_in.addresses():
        for attributes, _ in re.findall(r"<time([^>]*)>(.*?)</time>", ana.get(address).content.decode()):
            assert re.search(r'datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"', attributes), address
            assert re.search(r'title="\w{3} \d+ \w{3} \d{4}, \d\d:\d\d:\d\d \w+"', attributes), address


def test_contact_page_tells_event_rule_values_effect_and_outcome(ana: Client) -> None:
    text = text_of(ana, f"/contacts/{contact('lea@example.com').pk}/")
    for words in (
        "Demo Requested",
        "company size is at least 50 it is 300",
        "Consent for email is granted",
        "Send message in E-mail",
        "Read the message",
        "Unsubscribed",
    ):
        assert words in text


def test_contact_page_shows_the_message_that_was_withheld_and_why(ana: Client) -> None:
    text = text_of(ana, f"/contacts/{contact('max@example.com').pk}/")
    assert "Send the welcome message Withheld" in text
    assert "Consent for email was never given" in text


@pytest.mark.parametrize("search", ["lea@example.com", " LEA@Example.com "])
def test_search_goes_straight_to_the_one_contact(ana: Client, search: str) -> None:
    answer = ana.get("/contacts/", {"q": search})
    assert answer["Location"] == f"/contacts/{contact('lea@example.com').pk}/"


def test_search_for_part_of_an_address_lists_who_has_it(ana: Client) -> None:
    text = text_of(ana, "/contacts/?q=brightwater.example")
    assert "ivo.with.a.very.long.name" in text
    assert "max@example.com" not in text


def test_what_came_from_outside_is_text_on_every_page(ana: Client) -> None:
    held = _with_markup()
    page = ana.get(f"/events/{held.pk}/").content.decode()
    assert "<b>fifty</b>" not in page
    assert "&lt;b&gt;fifty&lt;/b&gt;" in page


def _with_markup() -> QuarantinedEvent:
    return next(held for held in QuarantinedEvent.objects.select_related("event") if "fifty" in str(held.event.body))


def test_today_names_what_needs_a_person_and_the_team_to_call(ana: Client) -> None:
    text = text_of(ana, "/")
    assert "may or may not have happened" in text
    assert "the connection broke" in text
    assert "Demo Reqested is in quarantine" in text
    assert "Marketing ops" in text


def test_run_page_lights_its_way_on_the_map(ana: Client) -> None:
    run = Run.objects.filter(contact_id=contact("lea@example.com").pk).earliest("id")
    page = ana.get(f"/runs/{run.pk}/").content.decode()
    assert 'class="map path-shown"' in page
    assert "map-edge lit" in page


def test_map_page_shows_target_and_current_beside_each_other(ana: Client) -> None:
    page = ana.get("/workflows/demo-request-nurture/").content.decode()
    assert page.count('role="group" aria-label="Map of') == 2
    assert "Copy the lead to a spreadsheet" in page


def test_step_panel_tells_the_six_fields_and_the_guards(ana: Client) -> None:
    text = text_of(ana, "/workflows/demo-request-nurture/?map=target&step=welcome")
    assert "Consent for email must be granted" in text
    assert "Expected within 5 minutes" in text


def test_operator_replays_a_held_event(sal: Client) -> None:
    held = QuarantinedEvent.objects.order_by("pk").first()
    answer = sal.post(f"/events/{held.pk}/replay/", follow=True)
    assert "will be handled again" in answer.content.decode()
    assert QueuedEvent.objects.filter(pk=held.pk).exists()
    assert AuditEntry.objects.filter(action="event.replay", object_key=str(held.pk)).exists()


def test_operator_mends_a_held_event_and_it_is_handled(sal: Client) -> None:
    held = _with_markup()
    fixed = {**held.event.body, "properties": {**held.event.body["properties"], "company_size": 50}}
    sal.post(f"/events/{held.pk}/fix/", {"body": json.dumps(fixed)})
    lived_in.settle()
    assert contact("size@example.com").fields["company_size"] == 50
    assert "As corrected" in text_of(sal, f"/events/{held.pk}/")


def test_a_correction_that_is_no_json_is_refused_in_words(sal: Client) -> None:
    held = _with_markup()
    answer = sal.post(f"/events/{held.pk}/fix/", {"body": "{"}, follow=True)
    assert "This is not JSON" in answer.content.decode()


def test_operator_replays_all_that_are_alike(sal: Client) -> None:
    keys = list(QuarantinedEvent.objects.values_list("pk", flat=True))
    answer = sal.post("/events/quarantine/", {"event": keys}, follow=True)
    assert f"{len(keys)} events will be handled again" in answer.content.decode()


def test_dismissing_takes_a_reason(sal: Client) -> None:
    held = QuarantinedEvent.objects.order_by("pk").first()
    assert "Say why" in sal.post(f"/events/{held.pk}/dismiss/", {"reason": " "}, follow=True).content.decode()
    sal.post(f"/events/{held.pk}/dismiss/", {"reason": "a test of the form"})
    held.refresh_from_db()
    assert held.state == "dismissed"


def test_marketer_sees_no_replay_and_may_not(ana: Client) -> None:
    held = QuarantinedEvent.objects.order_by("pk").first()
    assert "An operator can replay it" in text_of(ana, f"/events/{held.pk}/")
    assert ana.post(f"/events/{held.pk}/replay/").status_code == 403


def test_message_is_framed_without_script_request_or_origin(ana: Client) -> None:
    message = MailboxMessage.objects.get(to="lea@example.com")
    page = ana.get(f"/mailbox/{message.pk}/").content.decode()
    assert f'sandbox src="/mailbox/{message.pk}/body/"' in page
    body = ana.get(f"/mailbox/{message.pk}/body/")
    assert body["X-Frame-Options"] == "SAMEORIGIN"
    policy = body["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")


def test_a_message_is_found_by_its_effect(ana: Client) -> None:
    effect = Effect.objects.get(kind="send_message", state="done", contact_id=contact("lea@example.com").pk)
    answer = ana.get("/mailbox/", {"key": str(effect.key)})
    assert answer["Location"] == f"/mailbox/{MailboxMessage.objects.get(to='lea@example.com').pk}/"


def test_results_count_by_the_definitions_on_the_page(ana: Client) -> None:
    text = text_of(ana, "/results/")
    # autumn-demo brought Lea, Max and Ivo; the two held events made nobody; Ivo booked a meeting.
    assert re.search(r"autumn-demo 3 \d 2 1 33\.3 %", text)


def test_theme_is_the_persons_choice_and_nothing_else(ana: Client) -> None:
    ana.cookies["theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in ana.get("/").content.decode()
    ana.cookies["theme"] = 'x"><script>'
    assert '<html lang="en">' in ana.get("/").content.decode()


@pytest.mark.parametrize("address", ["/runs/999999/", "/contacts/999999/", "/events/999999/", "/mailbox/999999/"])
def test_what_is_not_there_says_so_in_the_frame(ana: Client, address: str) -> None:
    answer = ana.get(address)
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_times_are_in_the_zone_of_the_person_who_looks(ana: Client) -> None:
    User.objects.filter(username="ana").update(timezone="Asia/Tokyo")
    assert re.search(r"\d\d:\d\d:\d\d JST", text_of(ana, f"/contacts/{contact('lea@example.com').pk}/"))
    User.objects.filter(username="ana").update(timezone="Nowhere/At All")
    assert " UTC" in text_of(ana, f"/contacts/{contact('lea@example.com').pk}/")


@pytest.mark.parametrize("code", [400, 403, 404])
def test_failures_are_pages_for_strangers_too(client: Client, db: None, code: int) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    view = {400: pages.bad_request, 403: pages.forbidden, 404: pages.not_found}[code]
    answer = view(request, Exception())
    assert answer.status_code == code
    assert f'<p class="error-code">{code}</p>' in answer.content.decode()


@pytest.mark.parametrize(
    "body", ["[" * 200_000, '{"a": NaN}', '{"a": 1, "a": 2}', '{"a": "\\u0000"}', "9" * 5000, "", "\0", "1e999"]
)
def test_correction_that_is_no_json_is_refused_in_words(sal: Client, body: str) -> None:
    held = QuarantinedEvent.objects.filter(state="held").first()
    assert held is not None
    sal.raise_request_exception = False
    answer = sal.post(f"/events/{held.pk}/fix/", {"body": body}, follow=True)
    assert answer.status_code in (400, 422)
    held.refresh_from_db()
    assert held.state == "held"


def test_correction_that_still_breaks_its_schema_is_refused_with_what_was_typed(sal: Client) -> None:
    held = _with_markup()
    properties = {**held.event.body["properties"], "company_size": "some <i>people</i>"}
    typed = json.dumps({**held.event.body, "properties": properties}, indent=1)
    answer = sal.post(f"/events/{held.pk}/fix/", {"body": typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Company size:" in page
    assert "some &lt;i&gt;people" in page.partition("</textarea>")[0].rpartition("<textarea")[2]
    held.refresh_from_db()
    assert (held.state, held.corrected_body) == ("held", None)


def test_text_that_is_no_json_is_kept_as_it_was_typed(sal: Client) -> None:
    held = _with_markup()
    page = sal.post(f"/events/{held.pk}/fix/", {"body": '{"mine": '}).content.decode()
    assert "{&quot;mine&quot;: " in page


def test_many_are_corrected_the_same_way_and_those_that_still_break_stay(sal: Client) -> None:
    wrong, unplanned = _with_markup(), QuarantinedEvent.objects.get(event__name="Demo Reqested")
    sent = {"do": "fix", "event": [wrong.pk, unplanned.pk, "x"], "pointer": "/properties/company_size", "how": "set"}
    page = sal.post("/events/quarantine/", sent | {"value": "80"}, follow=True).content.decode()
    assert "1 corrected" in page
    assert f"Event {unplanned.pk} stays held: /event Demo Reqested is not in the event catalog" in page
    named = {"do": "fix", "event": unplanned.pk, "pointer": "/event", "how": "text", "value": "Demo Requested"}
    assert "1 corrected" in sal.post("/events/quarantine/", named, follow=True).content.decode()
    lived_in.settle()
    assert contact("size@example.com").fields["company_size"] == 80
    assert contact("typo@example.com")
    assert AuditEntry.objects.filter(action="event.fix").count() == 2


@pytest.mark.parametrize("pointer", ["", "nowhere", "/a/b/c", "/", "/properties/email/x"])
def test_correction_of_a_place_that_is_not_there_changes_nothing(sal: Client, pointer: str) -> None:
    held = _with_markup()
    sent = {"do": "fix", "event": held.pk, "pointer": pointer, "how": "set", "value": "1"}
    assert sal.post("/events/quarantine/", sent, follow=True).status_code == 200
    held.refresh_from_db()
    assert held.state == "held"


def test_nul_in_a_form_is_refused(sal: Client) -> None:
    held = QuarantinedEvent.objects.filter(state="held").first()
    assert held is not None
    sal.raise_request_exception = False
    assert sal.post(f"/events/{held.pk}/dismiss/", {"reason": "not\0needed"}).status_code == 400
    assert sal.post("/events/quarantine/", {"event": ["9" * 5000]}).status_code == 302
