"""Content items and the workspace: guards asked again at reservation, and texts filled in with what is known (D3)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from martechops.people.models import Team
from tests.integration.stories.conftest import go_live
from workflows.models import ContentItem, Effect, MessageTemplate, Workflow
from workflows.runtime import schedules
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

from .conftest import AT

__all__ = ["go_live"]
GoLive = Callable[[str], Workflow]
DAY = timedelta(days=1)

ITEMS = """
kind: workflow
key: tell-about
name: Tell about what is planned
type: content
owner: email-team
subject: content
trigger: {{schedule: "0 9 * * *", timezone: UTC, where: {{content.key: guide}}}}
entry: {{again: {{overlapping: true}}}}
steps:
- key: tell
  stage: engage
  system: email
  action: send_message
  with: {{template: about-content, to: team@example.com}}
  guards: {guards}
  owner: email-team
  output: the team knows
"""
WEEKLY = """
kind: workflow
key: weekly
name: Look at the reports
type: reporting
owner: email-team
subject: workspace
trigger: {schedule: "0 9 * * *", timezone: UTC}
entry: {again: {overlapping: true}}
steps:
- key: send
  stage: measure
  system: email
  action: distribute_report
  with: {report: weekly, to: team@example.com}
  guards: {once_per: {per: 3 days}}
  owner: email-team
  output: the team has it
"""


@pytest.fixture
def item(demo: object) -> ContentItem:
    team = Team.objects.get(key="email-team")
    MessageTemplate.objects.create(
        key="about-content",
        name="About content",
        channel="email",
        owner=team,
        subject="{{ content.name }}",
        body="{{ content.name }} is at {{ content.link }} now.",
    )
    return ContentItem.objects.create(
        key="guide",
        name="The guide",
        kind="guide",
        state="publish",
        owner=team,
        link="https://example.com/guide",
        created_at=AT,
        updated_at=AT,
    )


def tick(days: int = 1) -> None:
    """The calendar comes to a day, and what it begins is decided."""
    schedules.keep(at=AT + days * DAY)
    while advance(at=AT + days * DAY):
        pass


def carry_out(days: int = 1) -> None:
    while deliver(at=AT + days * DAY):
        pass
    # Leases run on the database's clock; the story has its own.
    Effect.objects.filter(reserved_at__gt=AT + 10 * DAY).update(reserved_at=AT + days * DAY)


def told() -> list[tuple[str, str]]:
    return list(Effect.objects.filter(step__in=["tell", "send"]).order_by("pk").values_list("state", "reason"))


def test_text_about_a_content_item_is_filled_in_with_what_is_known_of_it(go_live: GoLive, item: ContentItem) -> None:
    go_live(ITEMS.format(guards="{require: [content.link]}"))
    schedules.keep(at=AT)
    tick()
    carry_out()
    effect = Effect.objects.get(step="tell")
    assert effect.state == "done"
    assert effect.outcome["content"]["subject"] == "The guide"
    assert effect.outcome["content"]["text"] == "The guide is at https://example.com/guide now."


@pytest.mark.requirement("D3")
def test_guard_of_a_content_item_is_asked_again_when_its_effect_is_reserved(go_live: GoLive, item: ContentItem) -> None:
    go_live(ITEMS.format(guards="{require: [content.link]}"))
    schedules.keep(at=AT)
    tick()
    assert told() == [("planned", "")]
    ContentItem.objects.filter(pk=item.pk).update(link="")
    carry_out()
    assert told() == [("suppressed", "content.link is missing")]


def test_effect_of_a_content_item_that_is_gone_is_cancelled(go_live: GoLive, item: ContentItem) -> None:
    go_live(ITEMS.format(guards="{}"))
    schedules.keep(at=AT)
    tick()
    ContentItem.objects.all().delete()
    carry_out()
    assert told() == [("cancelled", "the content item is no longer there")]


def test_once_in_a_span_counts_for_each_content_item(go_live: GoLive, item: ContentItem) -> None:
    go_live(ITEMS.format(guards="{once_per: {per: 3 days}}"))
    schedules.keep(at=AT)
    for day in (1, 2, 5):
        tick(day)
        carry_out(day)
    states = [state for state, _ in told()]
    assert states == ["done", "suppressed", "done"]


def test_two_planned_before_either_is_reserved_are_still_one(go_live: GoLive, item: ContentItem) -> None:
    go_live(WEEKLY)
    schedules.keep(at=AT)
    tick(1)
    tick(2)
    assert [state for state, _ in told()] == ["planned", "suppressed"]  # what is planned counts when it is decided
    Effect.objects.filter(state="suppressed").update(state="planned")  # as if both had been decided before either
    carry_out(2)
    assert [state for state, _ in told()] == ["done", "suppressed"]


def test_window_of_a_content_item_holds_its_message_until_it_opens(go_live: GoLive, item: ContentItem) -> None:
    go_live(ITEMS.format(guards='{window: {days: mon-sun, from: "12:00", to: "18:00", timezone: UTC}}'))
    schedules.keep(at=AT)
    tick()
    Effect.objects.update(not_before=AT)  # as an effect that was released by hand
    carry_out()
    (effect,) = Effect.objects.filter(step="tell")
    assert (effect.state, effect.not_before.hour) == ("planned", 12)
