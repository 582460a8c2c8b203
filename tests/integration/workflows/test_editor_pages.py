"""The editor's pages and answers, also without scripts; and what they cost."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.demo import workspace
from martechops.people.models import User
from workflows.actions import definitions, drafts, versions
from workflows.engine import edits
from workflows.models import MessageTemplate, StepComment, Version, Workflow

from .conftest import AT

EDIT = "/workflows/demo-request-nurture/edit/"


@pytest.fixture
def draft(nurture: Workflow, ana: User) -> Version:
    return drafts.begin(workflow=nurture, by=ana, at=AT)


def now(draft: Version) -> dict[str, object]:
    draft.refresh_from_db()
    content: dict[str, object] = draft.content
    return content


def test_a_draft_is_begun_by_a_button_and_shown_with_a_banner(browser_of_ana: Client, nurture: Workflow) -> None:
    page = "/workflows/demo-request-nurture/"
    assert browser_of_ana.get(EDIT)["Location"] == page  # nothing to edit yet
    assert browser_of_ana.post(f"{page}draft/")["Location"] == EDIT
    assert "A draft of version 2 is open" in browser_of_ana.get(page).content.decode()


def test_without_scripts_every_form_leads_back_to_the_page(browser_of_ana: Client, draft: Version) -> None:
    sent = {"op": "fill", "step": "welcome", "panel": "step=welcome", "revision": "1", "shown": "output", "output": "x"}
    answer = browser_of_ana.post(EDIT, sent)
    assert (answer.status_code, answer["Location"]) == (302, f"{EDIT}?step=welcome")
    assert edits.steps_of(now(draft))[2]["output"] == "x"
    refused = browser_of_ana.post(EDIT, {"op": "move", "move": "-1:upsert-contact", "revision": "2"}, follow=True)
    assert "It stands at the edge already." in refused.content.decode()


def test_without_scripts_a_clash_is_a_page_with_everything_that_was_sent(
    browser_of_ana: Client, draft: Version, admin: User
) -> None:
    change = edits.SetField("welcome", ("output",), "theirs")
    drafts.edit(workflow=draft.workflow, change=change, revision=1, by=admin, at=AT)
    sent = {"op": "fill", "step": "welcome", "revision": "1", "shown": "output", "output": "mine"}
    answer = browser_of_ana.post(EDIT, sent)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'name="output" value="mine"' in page
    assert "output: theirs" in page  # their text, as a file
    browser_of_ana.post(EDIT, {**sent, "prefer": "mine"})
    assert edits.steps_of(now(draft))[2]["output"] == "mine"


def test_a_draft_that_was_frozen_meanwhile_loses_no_typed_word(
    browser_of_ana: Client, draft: Version, ana: User
) -> None:
    change = edits.SetField(None, ("description",), "More")
    drafts.edit(workflow=draft.workflow, change=change, revision=1, by=ana, at=AT)
    versions.freeze(version=draft, by=ana, at=AT, note="Done")
    sent = {"op": "fill", "step": "welcome", "revision": "2", "shown": "output", "output": "mine"}
    answer = browser_of_ana.post(EDIT, sent, headers={"HX-Request": "true"})
    assert (answer.status_code, "What you typed is still here" in answer.content.decode()) == (410, True)


def test_problems_stand_at_the_step_and_the_control_they_belong_to(browser_of_ana: Client, draft: Version) -> None:
    browser_of_ana.post(EDIT, {"op": "add", "kind": "send_message", "after": "welcome", "revision": "1"})
    page = browser_of_ana.get(f"{EDIT}?step=send-a-message").content.decode()
    assert "to mend" in page
    template = page[page.index('data-control="with.template"') :]
    assert "Is missing: send_message needs it" in template[: template.index("</div>")]


def test_strangers_and_other_teams_see_the_draft_but_do_not_change_it(draft: Version, ben: User, cy: User) -> None:
    for user, status in ((ben, 403), (cy, 403)):
        client = Client()
        client.force_login(user)
        assert client.post(EDIT, {"op": "remove", "step": "pause", "revision": "1"}).status_code == status
    client = Client()
    client.force_login(ben)
    assert "See what it changes" in client.get("/workflows/demo-request-nurture/").content.decode()


def test_discarding_says_how_much_that_is_first(browser_of_ana: Client, draft: Version, ana: User) -> None:
    drafts.edit(workflow=draft.workflow, change=edits.RemoveStep("pause"), revision=1, by=ana, at=AT)
    address = "/workflows/demo-request-nurture/draft/discard/"
    assert "1 change by Ana Silva" in browser_of_ana.get(address).content.decode()
    browser_of_ana.post(address, {"revision": "1"})
    assert Version.objects.filter(pk=draft.pk).exists()  # it was changed since it was looked at
    browser_of_ana.post(address, {"revision": "2"})
    assert not Version.objects.filter(pk=draft.pk).exists()


def test_freezing_asks_for_a_note_and_shows_what_changes(browser_of_ana: Client, draft: Version, ana: User) -> None:
    drafts.edit(workflow=draft.workflow, change=edits.RemoveStep("pause"), revision=1, by=ana, at=AT)
    address = "/workflows/demo-request-nurture/draft/freeze/"
    assert "Wait for a meeting" in browser_of_ana.get(address).content.decode()
    assert browser_of_ana.post(address, {"revision": "2", "note": " "}).status_code == 422
    done = browser_of_ana.post(address, {"revision": "2", "note": "No waiting"}, follow=True).content.decode()
    assert "Version 2 is frozen" in done
    assert "No waiting" in done


def test_the_difference_tells_steps_and_what_they_use_in_words(
    browser_of_ana: Client, draft: Version, ana: User
) -> None:
    made = [
        edits.RemoveStep("pause"),
        edits.SetField("qualify", ("when",), {"contact.score": {"$gte": 80}}),
        edits.AddStep({"key": "new", "name": "Something new"}, after="welcome"),
    ]
    for number, change in enumerate(made, start=1):
        drafts.edit(workflow=draft.workflow, change=change, revision=number, by=ana, at=AT)
    template = MessageTemplate.objects.get(key="demo-welcome")
    template.subject = "Another subject"
    definitions.save(template, by="tests", at=AT + timedelta(days=1))
    page = browser_of_ana.get("/workflows/demo-request-nurture/compare/?from=1&to=2").content.decode()
    for words in (
        "Something new",
        "− removed",
        "≠ changed",
        "+ added",
        "to score is at least 80",
        "demo-welcome",
        "version 1 → 2",
        "Subject changed from",
    ):
        assert words in page, words


def test_the_file_is_read_and_downloaded(browser_of_ana: Client, draft: Version) -> None:
    answer = browser_of_ana.get("/workflows/demo-request-nurture/file/?version=1&download")
    assert answer["Content-Disposition"] == 'attachment; filename="demo-request-nurture.yaml"'
    assert answer.content.decode().startswith("kind: workflow\nkey: demo-request-nurture\n")


def test_a_map_of_today_is_drawn_beside_its_target(browser_of_ana: Client, nurture: Workflow) -> None:
    page = "/workflows/new/"
    owner = str(nurture.owner_id)
    said = {
        "name": "Today",
        "key": "today",
        "type": "nurture",
        "owner": owner,
        "begins": "map",
        "target": str(nurture.pk),
    }
    assert browser_of_ana.post(page, said)["Location"] == "/workflows/today/edit/"
    browser_of_ana.post("/workflows/today/edit/", {"op": "add", "kind": "act", "after": "", "revision": "1"})
    sent = {"op": "fill", "step": "new-step", "revision": "2", "shown": ["action", "system"]}
    browser_of_ana.post("/workflows/today/edit/", {**sent, "action": "copies rows by hand", "system": "spreadsheet"})
    draft = Version.objects.get(workflow__key="today")
    assert draft.content["steps"][0]["action"] == "copies rows by hand"
    assert (draft.content["map_only"], draft.content["target"]) == (True, "demo-request-nurture")


@pytest.mark.parametrize("key", ["new", "Not a key", "demo-request-nurture", ""])
def test_a_bad_key_is_said_at_its_field_and_what_was_typed_stays(
    browser_of_ana: Client, nurture: Workflow, key: str
) -> None:
    said = {"name": "Kept name", "key": key, "type": "nurture", "owner": str(nurture.owner_id), "begins": "steps"}
    answer = browser_of_ana.post("/workflows/new/", said)
    assert (answer.status_code, "Kept name" in answer.content.decode()) == (422, True)


def test_a_rule_of_more_rows_than_the_builder_takes_is_refused_not_broken(
    browser_of_ana: Client, draft: Version
) -> None:
    rows = {f"rule-when.{i}.field": "contact.score" for i in range(300)}
    sent = {"op": "fill", "step": "welcome", "panel": "step=welcome", "revision": "1", "shown": "when", **rows}
    sent["rule-when.group"] = "all"
    assert browser_of_ana.post(EDIT, sent, headers={"HX-Request": "true"}).status_code == 422
    assert browser_of_ana.post(f"{EDIT}rows/?rule=rule-when", sent).status_code == 404


def test_a_step_of_any_key_has_a_panel(browser_of_ana: Client, draft: Version, ana: User) -> None:
    change = edits.RenameStep("welcome", "a/b c")
    drafts.edit(workflow=draft.workflow, change=change, revision=1, by=ana, at=AT)
    assert browser_of_ana.get(EDIT, {"step": "a/b c"}).status_code == 200


def test_comments_work_without_scripts(browser_of_ana: Client, draft: Version) -> None:
    address = "/workflows/demo-request-nurture/steps/welcome/comments/"
    browser_of_ana.post(address, {"text": "Too early?"})
    thread = StepComment.objects.get()
    browser_of_ana.post(address, {"thread": str(thread.pk), "do": "resolve", "text": ""})
    thread.refresh_from_db()
    assert thread.resolved_by is not None
    assert browser_of_ana.post(address, {"thread": "99999", "text": "x"}).status_code == 404


def many(count: int, ana: User) -> None:
    """Workflows like the nurture, each with a frozen version and a draft."""
    document = workspace.workflow_files()["demo-request-nurture"]
    team = Workflow.objects.get(key="demo-request-nurture").owner
    for i in range(count):
        row = Workflow(key=f"w-{i}", name=f"Workflow {i}", type="nurture", owner=team)
        definitions.save(row, by="tests", at=AT)
        content = document | {"key": f"w-{i}", "name": f"Workflow {i}"}
        versions.freeze(version=versions.draft(workflow=row, content=content, by="tests", at=AT), by="tests", at=AT)
        drafts.begin(workflow=row, by=ana, at=AT)


def test_the_library_of_fifty_workflows_takes_a_fixed_number_of_queries_and_under_200_ms(
    browser_of_ana: Client, ana: User
) -> None:
    many(10, ana)
    browser_of_ana.get("/workflows/")
    with CaptureQueriesContext(connection) as few:
        browser_of_ana.get("/workflows/")
    for i in range(10, 50):
        content = {**workspace.workflow_files()["demo-request-nurture"], "key": f"w-{i}", "name": f"Workflow {i}"}
        team = Workflow.objects.get(key="w-0").owner
        row = Workflow.objects.create(key=f"w-{i}", name=f"Workflow {i}", type="nurture", owner=team)
        versions.freeze(version=versions.draft(workflow=row, content=content, by="tests", at=AT), by="tests", at=AT)
    browser_of_ana.get("/workflows/")
    took = []
    with CaptureQueriesContext(connection) as lots:
        browser_of_ana.get("/workflows/")
    for _ in range(5):
        began = time.process_time()
        page = browser_of_ana.get("/workflows/")
        took.append(time.process_time() - began)
    assert page.content.decode().count("<tr") > 50
    assert len(lots) == len(few)
    assert min(took) < 0.2, took


def test_an_edit_of_sixty_steps_takes_little_time_on_the_server(
    browser_of_ana: Client, nurture: Workflow, ana: User
) -> None:
    document = workspace.workflow_files()["demo-request-nurture"]
    steps = [
        {**step, "key": f"{step['key']}-{i}"}
        for i in range(10)
        for step in document["steps"]
        if "choose" not in step and "stop" not in step
    ][:60]
    drafts.begin(workflow=nurture, by=ana, at=AT, content=document | {"steps": steps, "success": []})
    took = []
    for revision in range(1, 8):
        sent = {
            "op": "move",
            "move": f"{1 if revision % 2 else -1}:qualify-3",
            "revision": str(revision),
            "page": "p",
        }
        began = time.process_time()
        answer = browser_of_ana.post(EDIT, sent, headers={"HX-Request": "true"})
        took.append(time.process_time() - began)
        assert answer.status_code == 200
    assert min(took) < 0.3, took
