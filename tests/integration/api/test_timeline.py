"""The contact's story says event, rule with values, effect and outcome, also for what was withheld."""

from typing import Any

from workflows.models import Trace

from .conftest import NOON, Ask, Story, a_contact, token_for


def a_trace(story: Story, *, effect: str | None = None, name: str = "Demo Requested") -> Trace:
    """What the runtime writes down for one event (workflows.engine.explain)."""
    step: dict[str, Any] = {
        "step": "welcome",
        "outcome": "withheld",
        "says": "There is no consent for email.",
        "checks": [{"path": "contact.score", "op": "$gte", "want": 50, "got": 62, "ok": True}],
        "guards": [{"guard": "consent", "ok": False, "says": "There is no consent for email."}],
    }
    if effect:
        step["effect"] = effect
    detail = {
        "cause": {"kind": "event", "event_id": story.event.pk, "name": name},
        "contact": {"found": "created", "by": ["email:ana@example.com"], "notes": []},
        "changes": [{"field": "score", "old": 0, "new": 62, "why": "Demo Requested scores 62"}],
        "workflows": [{"workflow": "demo-request", "version": 3, "run_id": story.run.pk, "steps": [step]}],
    }
    return Trace.objects.create(contact_id=story.contact.pk, event_id=story.event.pk, at=NOON, detail=detail)


def timeline_of(story: Story) -> str:
    return f"/api/v1/contacts/{story.contact.pk}/timeline"


def test_story_shows_event_rule_with_values_effect_and_outcome(ask: Ask, story: Story) -> None:
    a_trace(story, effect=str(story.effect.key))
    status, body = ask(timeline_of(story))
    assert (status, body["next"]) == (200, None)
    (told,) = body["results"]
    assert told["event"]["name"] == "Demo Requested"
    assert told["changes"][0]["new"] == 62
    (step,) = told["workflows"][0]["steps"]
    assert step["checks"][0]["got"] == 62
    assert (step["effect"]["id"], step["effect"]["state"]) == (story.effect.pk, "suppressed")
    assert step["effect"]["reason"] == "There is no consent for email."


def test_what_was_withheld_before_it_was_planned_is_told_too(ask: Ask, story: Story) -> None:
    a_trace(story)
    (step,) = ask(timeline_of(story))[1]["results"][0]["workflows"][0]["steps"]
    assert (step["outcome"], step["effect"], step["guards"][0]["ok"]) == ("withheld", None, False)


def test_story_is_read_to_its_beginning_page_by_page(ask: Ask, story: Story) -> None:
    traces = [a_trace(story).pk for _ in range(95)]
    seen: list[int] = []
    address: str | None = timeline_of(story)
    while address:
        status, body = ask(address)
        assert status == 200
        seen += [told["id"] for told in body["results"]]
        address = body["next"]
    assert seen == traces[::-1]


def test_story_of_another_contact_is_not_told(ask: Ask, story: Story) -> None:
    a_trace(story)
    other = a_contact("ben@example.com")
    assert ask(f"/api/v1/contacts/{other.pk}/timeline")[1]["results"] == []


def test_story_takes_the_scope_of_contacts_and_a_contact_that_is_there(ask: Ask, story: Story) -> None:
    assert ask(timeline_of(story), token=token_for("events:read"))[0] == 403
    assert ask("/api/v1/contacts/0/timeline")[0] == 404


def test_cursor_that_we_did_not_make_is_400(ask: Ask, story: Story) -> None:
    for cursor in ("x", "-1", "9" * 30, "١٢"):
        status, body = ask(timeline_of(story), cursor=cursor)
        assert (status, body["errors"][0]["attr"]) == (400, "cursor")
