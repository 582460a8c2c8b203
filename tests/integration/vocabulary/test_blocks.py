"""Blocks: one place decides who reads what, on every channel (requirements K1, K2)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from martechops.people.models import Team, User
from martechops.sandbox.models import MailboxMessage
from tests.integration.runtime.conftest import AT, demo, request_demo, send, settle
from workflows.actions import definitions
from workflows.models import Block, Effect, MessageTemplate, Segment, Source
from workflows.queries import impact, messages

__all__ = ["demo", "request_demo", "send"]


def block(**parts: Any) -> Block:
    row = Block(key="offer", name="Offer", owner=Team.objects.get(key="email-team"), fallback="A tour.")
    for name, value in parts.items():
        setattr(row, name, value)
    made: Block = definitions.save(row, by="test", at=AT)
    return made


@pytest.mark.requirement("K2")
def test_reader_gets_the_wording_of_the_first_segment_they_are_in(
    demo: Source, request_demo: Callable[..., Any]
) -> None:
    request_demo("lea@example.com", company_size=300)
    request_demo("max@example.com", company_size=3)
    settle()
    texts = {message.to: message.text for message in MailboxMessage.objects.all()}
    assert "the buyer's guide shows how teams of Brightwater" in texts["lea@example.com"]
    assert "the five-minute tour" in texts["max@example.com"]
    chosen = Effect.objects.filter(kind="send_message").order_by("pk").values_list("outcome", flat=True)
    assert [one["content"]["blocks"]["until-we-call"] for one in chosen] == ["enterprise-leads", ""]


@pytest.mark.requirement("K2")
def test_same_choice_on_every_channel(demo: Source) -> None:
    block(choices=[{"segment": "enterprise-leads", "text": "We call {{ contact.first_name }}."}])
    facts = {"contact": {"lifecycle_stage": "lead", "company_size": 300, "first_name": "Lea"}}
    for channel in ("email", "in_app", "chat"):
        template = MessageTemplate(key=channel, channel=channel, subject="{{ block.offer }}", body="{{ block.offer }}")
        made = messages.compose(subject=template.subject, body=template.body, facts=facts)
        assert (made.subject, made.text) == ("We call Lea.", "We call Lea.")


def test_wording_is_escaped_like_all_else(demo: Source) -> None:
    block(fallback="Tom & <b>Jerry</b>")
    made = messages.compose(subject="x", body="{{ block.offer }}", facts={"contact": {}})
    assert made.html == "<p>Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;</p>"


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"fallback": " "}, "is in none of the segments"),
        ({"choices": [{"segment": "nobody", "text": "x"}]}, "nobody"),
        ({"choices": [{"segment": "enterprise-leads", "text": ""}]}, "must not be empty"),
        ({"choices": [{"segment": "enterprise-leads", "text": "{{ block.until-we-call }}"}]}, "another block"),
        ({"choices": [{"segment": "enterprise-leads", "text": "{% if %}x"}]}, "choices"),
        ({"choices": "all"}, "must be a list"),
    ],
)
def test_block_that_leaves_somebody_without_words_is_refused(demo: Source, parts: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        block(**parts)


def test_message_that_names_no_block_of_the_workspace_cannot_be_filled_in(demo: Source) -> None:
    found = messages.preview(subject="x", body="{{ block.nothing }}", facts={"contact": {}})
    assert found.problem == "there is no block nothing that can be used"


@pytest.mark.requirement("K4")
def test_change_of_a_segment_shows_the_messages_and_workflows_that_it_reaches(demo: Source) -> None:
    row = Segment.objects.get(key="enterprise-leads")
    before = {"kind": "segment", "key": row.key, "when": row.when, "status": "agreed"}
    found = impact.of("segment", row.key, before=before, after=before | {"when": {"contact.company_size": 5}})
    labels = {holder.label for holder, _ in found.further}
    assert {use.label for use in found.uses} >= {"Content block Until we call"}
    assert "Message template Welcome after a demo request" in labels
    assert any(label.startswith("Workflow Demo request to nurture") for label in labels)


def test_block_is_made_in_the_browser(demo: Source, client: Client) -> None:
    client.force_login(User.objects.get(username="ben"))
    page = client.get("/vocabulary/block/new/")
    assert page.status_code == 200
    said = {
        "key": "closing",
        "name": "Closing",
        "owner": str(Team.objects.get(key="email-team").pk),
        "fallback": "See you.",
        "choices.0.row": "",
        "choices.0.segment": "enterprise-leads",
        "choices.0.text": "We call you.",
        "note": "first",
        "expected": "0",
        "confirmed": "yes",
    }
    answer = client.post("/vocabulary/block/new/", said)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert Block.objects.get(key="closing").choices == [{"segment": "enterprise-leads", "text": "We call you."}]


@pytest.mark.requirement("K2")
def test_message_and_block_are_looked_at_as_any_contact_gets_them(
    demo: Source, request_demo: Callable[..., str], client: Client
) -> None:
    for number in range(22):
        request_demo(f"reader-{number}@example.com", company_size=300 if number == 0 else 5)
    settle()
    client.force_login(User.objects.get(username="ben"))
    row = block(choices=[{"segment": "enterprise-leads", "text": "A call."}])
    page = f"/vocabulary/block/{row.pk}/edit/"
    for email, reads in (("Reader-0@example.com", "A call."), ("reader-5@example.com", "A tour.")):
        said = {"do": "look", "look.email": email, "fallback": "A tour.", "expected": "1"}
        said |= {"choices.0.row": "", "choices.0.segment": "enterprise-leads", "choices.0.text": "A call."}
        shown = client.post(page, said).content.decode()
        assert f'<p class="message-text">{reads}</p>' in shown
    assert "Nobody has the address" in client.post(page, said | {"look.email": "no@example.com"}).content.decode()
