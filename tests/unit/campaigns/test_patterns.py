"""Playbooks as documents: what is refused, what a parameter takes, and that every token is filled in."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from campaigns import pattern, playbooks
from campaigns.pattern import BadPattern, BadValues, Values
from workflows.engine.parse import parse
from workflows.engine.references import references

SHIPPED = {document["key"]: document for document in playbooks.shipped()}

#: What somebody says to each; everything else has a default.
SAID: dict[str, dict[str, Any]] = {
    "webinar": {
        "topic": "Lead routing in an hour",
        "webinar_at": "2026-12-01T15:00",
        "registration_page": "https://example.com/webinar",
        "join_link": "https://example.com/join?room=7",
        "recording_link": "https://example.com/recording",
        "speaker": "Ana Silva",
    },
    "lead-magnet": {
        "title": "The lead routing checklist",
        "starts": "2026-12-01T09:00",
        "landing_page": "https://example.com/checklist",
        "download_link": "https://example.com/checklist.pdf",
        "case_link": "https://example.com/case",
        "author": "Ana Silva",
    },
    "free-trial": {
        "product": "Lead Router",
        "starts": "2026-12-01T09:00",
        "sign_up_page": "https://example.com/try",
        "start_link": "https://example.com/start",
        "help_link": "https://example.com/help",
        "price_link": "https://example.com/prices",
        "guide_name": "Ana Silva",
    },
    "event-attendance": {
        "event_name": "Martech Day Berlin",
        "event_at": "2026-12-01T09:00",
        "event_page": "https://example.com/martech-day",
        "notes_link": "https://example.com/notes",
        "host": "Ana Silva",
    },
}


def filled(key: str, part: str = "creates") -> list[dict[str, Any]]:
    """What the playbook would make, as documents."""
    found = pattern.read(SHIPPED[key])
    typed = found.values(SAID[key], timezone="Europe/Berlin")
    given = {
        "key": "x1",
        "campaign": "2026_q4",
        "owner": "marketing-ops",
        "starts_at": datetime(2026, 12, 1, tzinfo=UTC),
    }
    values = Values(typed | given, utm={"source": "newsletter", "campaign": "2026_q4"}, timezone="Europe/Berlin")
    made: list[dict[str, Any]] = pattern.fill(list(getattr(found, part)), values)
    return made


@pytest.mark.requirement("E2")
def test_the_guides_four_ship() -> None:
    assert set(SHIPPED) == {"webinar", "lead-magnet", "free-trial", "event-attendance"} == set(SAID)


@pytest.mark.requirement("E1")
@pytest.mark.requirement("E3")
@pytest.mark.parametrize("key", SHIPPED)
def test_each_has_audience_messages_crm_updates_approvers_checks_and_required_fields(key: str) -> None:
    found = pattern.read(SHIPPED[key])
    made = filled(key)
    kinds = [document["kind"] for document in made]
    assert kinds.count("segment") == 1
    assert kinds.count("template") >= 1
    assert "mapping" in [document["kind"] for document in found.shared]
    steps = [step for document in made if document["kind"] == "workflow" for step in document["steps"]]
    assert {"upsert_record", "send_message"} <= {step.get("action") for step in steps}
    assert found.approvers
    assert {row.field for row in found.requires} >= {"contact.email", "contact.consent.email"}
    assert any(check["blocking"] for check in found.checks)


@pytest.mark.parametrize("key", SHIPPED)
def test_every_token_is_filled_in_and_every_workflow_can_be_read(key: str) -> None:
    for part in ("creates", "shared", "content", "checks"):
        assert list(pattern.named(filled(key, part))) == []
    for document in filled(key):
        if document["kind"] == "workflow":
            spec = parse(document)
            assert spec.approvers


@pytest.mark.parametrize("key", SHIPPED)
def test_every_template_is_sent_and_every_message_asks_for_consent(key: str) -> None:
    made = filled(key)
    templates = {document["key"] for document in made if document["kind"] == "template"}
    workflows = [document for document in made if document["kind"] == "workflow"]
    sent = {ref.key for document in workflows for ref in references(document) if ref.kind == "template"}
    assert sent == templates
    messages = [s for document in workflows for s in document["steps"] if s.get("action") == "send_message"]
    assert [step["key"] for step in messages if step["guards"].get("consent") != "email"] == []
    assert [step["key"] for step in messages if "contact.email" not in step["guards"]["require"]] == []


@pytest.mark.requirement("A11")
@pytest.mark.parametrize("key", SHIPPED)
def test_every_link_that_people_are_sent_is_tagged(key: str) -> None:
    from campaigns import naming

    texts = [document["body"] for document in filled(key) if document["kind"] == "template"]
    links = [link for text in texts for link in naming.addresses(text)]
    assert links
    assert [link for link in links if naming.tags(link).get("source") != "newsletter"] == []


def test_what_is_said_goes_where_it_belongs() -> None:
    made = {document["key"]: document for document in filled("webinar")}
    assert made["x1-registered"]["trigger"]["where"] == {"event.properties.webinar_id": "lead-routing-in-an-hour"}
    body = made["x1-confirmation"]["body"]
    assert "Tuesday 1 December 2026 at 15:00 (Europe/Berlin)" in body
    assert "https://example.com/join?room=7&utm_source=newsletter&utm_campaign=2026_q4" in body
    assert "{{ contact.first_name }}" in body  # people's own is left to people
    remember = next(step for step in made["x1-registered"]["steps"] if step["key"] == "remember-date")
    assert remember["with"]["value"] == "2026-12-01T15:00:00+01:00"


@pytest.mark.parametrize(
    ("parameter", "said", "says"),
    [
        ("topic", "", "needed"),
        ("topic", "—", "letters or digits"),
        ("topic", "{{ contact.email }}", "without"),
        ("topic", "[[key]]", "without"),
        ("topic", "x" * 501, "at most 500"),
        ("webinar_at", "tomorrow", "a date and a time"),
        ("webinar_at", "0026-12-01T15:00", "a year"),
        ("join_link", "example.com", "https://"),
        ("join_link", "javascript:alert(1)", "https://"),
        ("join_link", "https://exa mple.com", "https://"),
        ("follow_up", "soon", "span"),
        ("email_team", "E-mail team!", "small letters"),
        ("price", "1", "no such parameter"),
    ],
)
def test_what_does_not_fit_is_said_at_its_parameter(parameter: str, said: str, says: str) -> None:
    with pytest.raises(BadValues) as refused:
        pattern.read(SHIPPED["webinar"]).values(SAID["webinar"] | {parameter: said})
    assert list(refused.value.problems) == [parameter]
    assert says in refused.value.problems[parameter]


@pytest.mark.parametrize(("said", "fits"), [("14", True), ("2", False), ("91", False), ("1e3", False), ("nan", False)])
def test_a_number_has_its_bounds(said: str, fits: bool) -> None:
    read = pattern.read(SHIPPED["free-trial"])
    if fits:
        assert read.values(SAID["free-trial"] | {"days": said})["days"] == 14
    else:
        with pytest.raises(BadValues):
            read.values(SAID["free-trial"] | {"days": said})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.pop("approvers"), "approvers"),
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d["parameters"][0].update(type="colour"), "type"),
        (lambda d: d["parameters"].append(dict(d["parameters"][0])), "twice"),
        (lambda d: d["parameters"][0].update(default="[[speaker]]"), "no parameter before it"),
        (lambda d: d["campaign"].update(brief="[[nobody]]"), "[[nobody]] is no parameter"),
        (lambda d: d["campaign"].update(brief="[[topic.loud]]"), "can be written as"),
        (lambda d: d["creates"][0].update(key="audience"), "must begin with [[key]]"),
        (lambda d: d["creates"][0].update(kind="team"), "must be one of"),
    ],
)
def test_a_playbook_that_cannot_be_used_says_where_and_why(change: Any, says: str) -> None:
    document = copy.deepcopy(SHIPPED["webinar"])
    change(document)
    with pytest.raises(BadPattern) as refused:
        pattern.read(document)
    assert says in str(refused.value)


def test_what_is_no_mapping_is_no_playbook() -> None:
    with pytest.raises(BadPattern):
        pattern.read(["webinar"])
