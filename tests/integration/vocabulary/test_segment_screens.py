"""Segments on screen: made from rows, shown in words, counted, compared, agreed and restored."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from martechops.people.models import User
from workflows.forms import condition_builder as builder
from workflows.models import Contact, DefinitionVersion, Segment
from workflows.queries import segments

FORM = {"name": "Big German leads", "key": "big-german-leads", "meaning": "Leads of big companies.", "note": ""}
ROWS = {
    "rule.group": "all",
    "rule.0.field": "contact.company_size",
    "rule.0.operator": "$gt",
    "rule.0.value": "200",
    "rule.1.group": "any",
    "rule.1.0.field": "contact.lifecycle_stage",
    "rule.1.0.operator": "$in",
    "rule.1.0.value": ["lead", "mql", "sql"],
    "rule.1.1.field": "contact.score",
    "rule.1.1.operator": "$gte",
    "rule.1.1.value": "50",
}
RULE = {
    "contact.company_size": {"$gt": 200},
    "$or": [{"contact.lifecycle_stage": {"$in": ["lead", "mql", "sql"]}}, {"contact.score": {"$gte": 50}}],
}


@pytest.fixture
def ana(lived_in_world: None, db: None, client: Client) -> Client:
    client.force_login(User.objects.get(username="ana"))
    return client


@pytest.fixture
def form() -> dict[str, Any]:
    owner = User.objects.get(username="ana").teams.get()
    return FORM | {"owner": owner.pk}


def words_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.requirement("K3")
def test_segment_is_made_from_rows_and_read_in_words(ana: Client, form: dict[str, Any]) -> None:
    answer = ana.post("/segments/new/", form | ROWS, follow=True)
    assert Segment.objects.get(key="big-german-leads").when == RULE
    text = words_of(answer)
    assert "Company size is more than 200" in text
    assert "Lifecycle stage is one of lead, mql, sql or score is at least 50" in text
    size = segments.count(RULE, at=Contact.objects.first().created_at)
    assert size > 0
    assert f"In it now {size}" in text


def test_list_counts_each_segment_by_itself(ana: Client) -> None:
    page = ana.get("/segments/").content.decode()
    assert 'hx-get="/segments/enterprise-leads/count/"' in page
    assert "Company size is more than 200" in page
    number = re.sub("<[^>]+>", "", ana.get("/segments/enterprise-leads/count/").content.decode())
    assert (
        int(number) == Contact.objects.filter(lifecycle_stage__in=["lead", "mql"], fields__company_size__gt=200).count()
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rule.0.value": "many"}, "&quot;many&quot; is not a number."),
        ({"rule.0.value": ""}, "Fill in a value."),
        ({"rule.0.field": ""}, "Choose a field."),
        ({"rule.0.field": "contact.sise"}, "contact.sise is no field."),
        ({"rule.1.0.value": ["led"]}, "Led is not a value of it; did you mean lead?"),
        ({"rule.1.0.operator": "$regex"}, "Choose how to compare it."),
    ],
)
def test_row_that_is_wrong_says_so_at_the_row_and_nothing_is_saved(
    ana: Client, form: dict[str, Any], wrong: dict[str, Any], says: str
) -> None:
    answer = ana.post("/segments/new/", form | ROWS | wrong)
    assert answer.status_code == 422
    name = next(iter(wrong)).rpartition(".")[0]
    problem = rf'<p class="error" id="{name}\.problem" role="alert">(?:(?!</p>).)*{re.escape(says)}</p>'
    assert re.search(problem, answer.content.decode(), flags=re.S)
    assert not Segment.objects.filter(key="big-german-leads").exists()


def test_buttons_add_and_remove_with_and_without_scripts(ana: Client, form: dict[str, Any]) -> None:
    for address in ("/segments/builder/", "/segments/new/"):
        page = ana.post(address, form | ROWS | {"do": "row:rule.1"}).content.decode()
        assert re.search(r'name="rule.1.2.field" id="rule.1.2.field"[^>]* autofocus', page), address
        page = ana.post(address, form | ROWS | {"do": "group:rule"}).content.decode()
        assert 'name="rule.2.0.field"' in page
        page = ana.post(address, form | ROWS | {"do": "remove:rule.0"}).content.decode()
        assert 'name="rule.0.field"' not in page
        assert 'name="rule.1.group"' in page  # a node keeps its name
        assert 'name="rule.1.0.field"' in page
    assert Segment.objects.filter(key="big-german-leads").exists() is False


@pytest.mark.requirement("K4")
def test_preview_counts_who_would_join_and_leave(ana: Client) -> None:
    row = Segment.objects.get(key="enterprise-leads")
    sent = {
        "segment": row.key,
        "rule.group": "all",
        "rule.0.field": "contact.email",
        "rule.0.operator": "$startsWith",
        "rule.0.value": "ivo",
    }
    text = words_of(ana.post("/segments/preview/", sent))
    at = Contact.objects.first().created_at
    change = segments.change(before=row.when, after={"contact.email": {"$startsWith": "ivo"}}, at=at)
    assert (change.after, change.before) == (1, segments.count(row.when, at=at))
    assert f"In it 1 Join {change.joins} Leave {change.leaves}" in text
    assert "Email begins with ivo" in text


def test_change_is_a_version_with_its_difference_and_can_be_taken_back(ana: Client) -> None:
    row = Segment.objects.get(key="warm-without-consent")
    sent = {
        "name": row.name,
        "meaning": row.meaning,
        "owner": row.owner_id,
        "note": "Only the hottest",
        "expected": 1,
        "rule.group": "all",
        "rule.0.field": "contact.score",
        "rule.0.operator": "$gte",
        "rule.0.value": "90",
    }
    text = words_of(ana.post(f"/segments/{row.key}/edit/", sent, follow=True))
    assert "Version 2" in text
    assert "Only the hottest" in text
    before = row.when
    row.refresh_from_db()
    assert row.when == {"contact.score": {"$gte": 90}}
    late = ana.post(f"/segments/{row.key}/edit/", sent | {"rule.0.value": "91"})
    assert (late.status_code, "It was changed meanwhile" in late.content.decode()) == (422, True)
    ana.post(f"/segments/{row.key}/restore/", {"number": 1})
    row.refresh_from_db()
    assert row.when == before
    assert DefinitionVersion.objects.filter(kind="segment", key=row.key).count() == 3


def test_status_is_changed_by_its_owner(ana: Client) -> None:
    ana.post("/segments/warm-without-consent/status/", {"to": "agreed"})
    assert Segment.objects.get(key="warm-without-consent").status == "agreed"


def test_segment_of_another_team_is_not_edited(ana: Client) -> None:
    assert ana.get("/segments/may-be-written-to/edit/").status_code == 403
    assert "/segments/may-be-written-to/edit/" not in ana.get("/segments/may-be-written-to/").content.decode()


def test_rule_that_rows_cannot_show_is_edited_as_text(ana: Client) -> None:
    row = Segment.objects.get(key="warm-without-consent")
    row.when = {"$not": {"contact.score": {"$gte": 50}}}
    row.save()
    page = ana.get(f"/segments/{row.key}/edit/").content.decode()
    assert "more than rows and groups can show" in page
    sent = {"name": row.name, "meaning": row.meaning, "owner": row.owner_id}
    wrong = ana.post(f"/segments/{row.key}/edit/", sent | {"text": '{"contact.scor": 5}'})
    assert "did you mean contact.score?" in wrong.content.decode()
    right = {"contact.score": {"$not": {"$gte": 60}}}
    ana.post(f"/segments/{row.key}/edit/", sent | {"text": json.dumps(right)})
    row.refresh_from_db()
    assert row.when == right


def test_segments_that_the_catalog_has_left_behind_say_so(ana: Client) -> None:
    row = Segment.objects.get(key="warm-without-consent")
    row.when = {"contact.gone": "x", "$or": [{"event.name": "x"}]}
    row.save()
    page = ana.get(f"/segments/{row.key}/").content.decode()
    assert "does not fit the catalog any more" in page
    assert "cannot be counted" in ana.get(f"/segments/{row.key}/count/").content.decode()


def test_tree_that_nobody_made_by_hand_is_refused(ana: Client) -> None:
    many = {f"rule.{number}.field": "contact.score" for number in range(300)}
    deep = {"rule" + ".0" * 9 + ".group": "all", "rule" + ".0" * 10 + ".field": "contact.score"}
    for sent in (many, deep):
        assert ana.post("/segments/builder/", sent).status_code == 404
    assert builder.changed(builder.Group(), "remove:rule.7.9") == "rule.7.add"


@pytest.mark.parametrize(
    "text",
    [
        '{"contact.company": "a\\u0000b"}',
        '{"contact.company": "\\ud800"}',
        '{"contact.score": NaN}',
        '{"contact.score": 1e999}',
        '{"contact.score": {"$gt": 1' + "0" * 400 + "}}",
        '{"$not": ' * 300 + '{"contact.score": 1}' + "}" * 300,
        "[" * 100_000,
        '{"contact.a\\u0000": 1}',
        '{"contact.company": {"$in": [' + ", ".join(["1"] * 5000) + "]}}",
    ],
)
def test_hostile_rule_is_refused_in_words(ana: Client, text: str) -> None:
    row = Segment.objects.get(key="warm-without-consent")
    sent = {"name": row.name, "meaning": row.meaning, "owner": row.owner_id, "text": text}
    answer = ana.post(f"/segments/{row.key}/edit/", sent)
    assert answer.status_code == 422
    assert any(says in words_of(answer) for says in ("too large", "too long", "too deep", "cannot be kept", "not JSON"))
    assert ana.post("/segments/preview/", sent).status_code == 200
