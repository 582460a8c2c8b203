"""People's templates: what would hurt is refused or stopped, what is previewed is what is sent."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from workflows.actions import definitions
from workflows.models import Contact, Effect, MessageTemplate
from workflows.queries import contacts, messages, scores

from .conftest import settle

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Send = Callable[..., str]


@pytest.mark.parametrize("name", ["subject", "body"])
def test_template_with_an_endless_range_is_refused_on_save(demo: object, name: str) -> None:
    template = MessageTemplate.objects.get(key="demo-welcome")
    setattr(template, name, "{{ (1..1000000000) | join }}")
    with pytest.raises(ValidationError, match="1000 numbers"):
        definitions.save(template, by="test", at=NOON)


def test_poison_template_fails_its_own_message_and_the_worker_goes_on(demo: object, request_demo: Send) -> None:
    poison = "{{ (1..1000000000) | join }}"  # within Liquid's own limits
    MessageTemplate.objects.filter(key="demo-welcome").update(body=poison)
    request_demo("lea@example.com")
    settle()
    assert Effect.objects.get(kind="send_message").state == "failed"
    assert "too much" in Effect.objects.get(kind="send_message").reason
    assert Effect.objects.filter(kind="upsert_record", state="done").exists()


def test_preview_is_what_is_sent_escaped_with_missing_values_listed(demo: object, request_demo: Send) -> None:
    request_demo("lea@example.com", first_name="<b>Lea</b>", company=None)
    settle()
    contact, template = Contact.objects.get(), MessageTemplate.objects.get(key="demo-welcome")
    shown = messages.preview(
        subject=template.subject,
        body=template.body,
        facts=contacts.facts_of(contact, scoring=scores.compiled(), at=datetime.now(UTC)),
    )
    assert shown.message is not None
    assert "&lt;b&gt;Lea" in shown.message.html
    assert "<b>" not in shown.message.html
    assert shown.missing == ("contact.company",)
    sent = Effect.objects.get(kind="send_message").outcome["content"]
    # The address at which to unsubscribe is each contact's own; a preview only shows where it stands.
    sent_html, shown_html = (
        re.sub(r"https?://[^\s\"<]+/u/[^\s\"<]+", "", html) for html in (sent["html"], shown.message.html)
    )
    assert (sent["subject"], sent_html) == (shown.message.subject, shown_html)


def test_preview_of_what_cannot_be_rendered_says_why() -> None:
    shown = messages.preview(subject="{{ (1..1000000000) | join }}", body="", facts={})
    assert shown.message is None
    assert "1000 numbers" in shown.problem
