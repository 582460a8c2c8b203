"""Drafts: one at a time, every change a revision, two people at once, undo, restore, freeze."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed
from workflows.actions import comments, drafts, versions, workflows
from workflows.engine import edits
from workflows.engine.parse import BadSpec
from workflows.models import Revision, StepComment, Version, Workflow

from .conftest import AT


def owner(name: str) -> edits.Edit:
    return edits.SetField("welcome", ("owner",), name)


def change(workflow: Workflow, edit: edits.Edit, by: User, *, revision: int, **more: str) -> drafts.Saved:
    return drafts.edit(workflow=workflow, change=edit, revision=revision, by=by, at=AT, **more)  # type: ignore[arg-type]


def step(version: Version, key: str) -> dict[str, object]:
    return next(one for one in version.content["steps"] if one["key"] == key)


def fresh(workflow: Workflow) -> Version:
    return workflow.versions.get(frozen_at=None)


def test_a_workflow_has_one_open_draft_that_begins_with_its_newest_version(nurture: Workflow, ana: User) -> None:
    first = drafts.begin(workflow=nurture, by=ana, at=AT)
    assert drafts.begin(workflow=nurture, by=ana, at=AT) == first
    newest = nurture.versions.exclude(frozen_at=None).get()
    assert (first.number, first.parent, first.content) == (2, newest, newest.content)
    assert first.revision == 1


def test_every_change_is_a_revision_with_its_words_and_an_audit_entry(nurture: Workflow, ana: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    saved = change(nurture, owner("sales-ops"), ana, revision=1)
    assert (saved.version.revision, saved.says) == (2, "Owner of Send the welcome message changed")
    assert step(fresh(nurture), "welcome")["owner"] == "sales-ops"
    entry = AuditEntry.objects.order_by("-number")[0]
    assert (entry.action, entry.actor, entry.detail["revision"]) == ("version.edit", "ana", 2)


def test_a_change_that_changes_nothing_leaves_no_trace(nurture: Workflow, ana: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    assert change(nurture, owner("email-team"), ana, revision=1).version.revision == 1
    assert fresh(nurture).revisions.count() == 1


def test_only_people_of_the_owner_team_may_change_it(nurture: Workflow, ana: User, ben: User, cy: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    for stranger in (ben, cy):
        with pytest.raises(NotAllowed):
            change(nurture, owner("x"), stranger, revision=1)


def test_changes_of_two_people_in_different_places_are_both_kept(nurture: Workflow, ana: User, admin: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    change(nurture, owner("sales-ops"), ana, revision=1, page="a")
    saved = change(nurture, edits.RemoveStep("pause"), admin, revision=1, page="b")
    assert [made.author for made in saved.merged_with] == [ana]
    now = fresh(nurture)
    assert step(now, "welcome")["owner"] == "sales-ops"
    assert "pause" not in [one["key"] for one in now.content["steps"]]


def test_the_same_place_changed_twice_is_refused_with_both_texts(nurture: Workflow, ana: User, admin: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    change(nurture, owner("sales-ops"), ana, revision=1, page="a")
    with pytest.raises(drafts.ChangedMeanwhile) as caught:
        change(nurture, owner("analytics"), admin, revision=1, page="b")
    clash = caught.value.clashes[0]
    assert (clash.base, clash.mine, clash.theirs) == ("email-team", "analytics", "sales-ops")
    assert step(fresh(nurture), "welcome")["owner"] == "sales-ops"
    assert change(nurture, owner("analytics"), admin, revision=1, page="b", prefer="theirs").says == ""
    change(nurture, owner("analytics"), admin, revision=1, page="b", prefer="mine")
    assert step(fresh(nurture), "welcome")["owner"] == "analytics"
    texts = [step_of["owner"] for step_of in _welcomes(nurture)]
    assert texts == ["email-team", "sales-ops", "analytics"]  # nothing is lost


def _welcomes(workflow: Workflow) -> list[dict[str, str]]:
    rows = Revision.objects.filter(version=fresh(workflow)).order_by("number")
    return [next(one for one in row.content["steps"] if one["key"] == "welcome") for row in rows]


def test_a_page_does_not_clash_with_itself(nurture: Workflow, ana: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    change(nurture, owner("sales-ops"), ana, revision=1, page="a")
    assert change(nurture, owner("analytics"), ana, revision=1, page="a").merged_with == ()
    assert step(fresh(nurture), "welcome")["owner"] == "analytics"


def test_undo_and_redo_walk_through_the_revisions(nurture: Workflow, ana: User) -> None:
    begun = drafts.begin(workflow=nurture, by=ana, at=AT).content
    change(nurture, owner("one"), ana, revision=1)
    change(nurture, owner("two"), ana, revision=2)
    seen = []
    for way in (drafts.undo, drafts.undo, drafts.redo, drafts.redo, drafts.undo):
        saved = way(workflow=nurture, revision=fresh(nurture).revision, by=ana, at=AT)
        seen.append(step(saved.version, "welcome")["owner"])
    assert seen == ["one", "email-team", "one", "two", "one"]
    change(nurture, owner("three"), ana, revision=fresh(nurture).revision)
    with pytest.raises(drafts.NothingToTakeBack):  # a new change leaves nothing to do again
        drafts.redo(workflow=nurture, revision=fresh(nurture).revision, by=ana, at=AT)
    for _ in range(2):
        drafts.undo(workflow=nurture, revision=fresh(nurture).revision, by=ana, at=AT)
    assert fresh(nurture).content == begun
    with pytest.raises(drafts.NothingToTakeBack):
        drafts.undo(workflow=nurture, revision=fresh(nurture).revision, by=ana, at=AT)


def test_undo_of_what_somebody_else_did_meanwhile_is_refused(nurture: Workflow, ana: User, admin: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    change(nurture, owner("one"), ana, revision=1, page="a")
    with pytest.raises(drafts.ChangedMeanwhile):
        drafts.undo(workflow=nurture, revision=1, by=admin, at=AT, page="b")


def test_what_no_file_can_hold_is_refused(nurture: Workflow, ana: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    for value in ("a\0b", 2**60, float("nan"), "x" * 500_000):
        with pytest.raises(edits.CannotEdit):
            change(nurture, edits.SetField("welcome", ("note",), value), ana, revision=1)


@pytest.mark.requirement("A9")
def test_a_person_does_not_freeze_a_nurture_that_sends_nothing(nurture: Workflow, ana: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    change(nurture, edits.RemoveStep("welcome"), ana, revision=1)
    with pytest.raises(BadSpec, match="sends at least one message"):
        versions.freeze(version=fresh(nurture), by=ana, at=AT)


@pytest.mark.parametrize("steps", ["none", [1], {"a": {}}])
def test_steps_that_are_no_list_of_steps_are_refused(nurture: Workflow, ana: User, steps: object) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    with pytest.raises(edits.CannotEdit):
        change(nurture, edits.Replace({"steps": steps}), ana, revision=1)


def test_a_draft_may_be_incomplete_but_is_not_frozen_so(nurture: Workflow, ana: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    change(nurture, edits.AddStep({"key": "new"}, after="pause"), ana, revision=1)
    with pytest.raises(BadSpec, match="is missing"):
        versions.freeze(version=fresh(nurture), by=ana, at=AT)


def test_freezing_takes_the_note_and_lets_the_workflow_be_called_as_its_version_says(
    nurture: Workflow, ana: User
) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    change(nurture, edits.SetField(None, ("name",), "Demo requests"), ana, revision=1)
    frozen = versions.freeze(version=fresh(nurture), by=ana, at=AT, note="Shorter name", revision=2)
    nurture.refresh_from_db()
    assert (nurture.name, frozen.note, frozen.frozen_at) == ("Demo requests", "Shorter name", AT)
    assert frozen.parent is not None
    assert frozen.parent.number == 1


def test_freezing_what_was_not_seen_or_not_changed_is_refused(nurture: Workflow, ana: User) -> None:
    drafts.begin(workflow=nurture, by=ana, at=AT)
    with pytest.raises(versions.NothingChanged):
        versions.freeze(version=fresh(nurture), by=ana, at=AT)
    change(nurture, owner("sales-ops"), ana, revision=1)
    with pytest.raises(drafts.ChangedMeanwhile):
        versions.freeze(version=fresh(nurture), by=ana, at=AT, revision=1)


def test_a_former_version_becomes_the_draft_and_the_draft_is_one_undo_away(nurture: Workflow, ana: User) -> None:
    first = nurture.versions.get()
    drafts.begin(workflow=nurture, by=ana, at=AT)
    change(nurture, owner("sales-ops"), ana, revision=1)
    restored = drafts.restore(version=first, by=ana, at=AT)
    assert restored.content == first.content
    drafts.undo(workflow=nurture, revision=restored.revision, by=ana, at=AT)
    assert step(fresh(nurture), "welcome")["owner"] == "sales-ops"


def test_a_discarded_draft_is_gone_and_its_text_is_in_the_audit_log(nurture: Workflow, ana: User) -> None:
    draft = drafts.begin(workflow=nurture, by=ana, at=AT)
    assert drafts.discard(workflow=nurture, revision=1, by=ana, at=AT)
    assert not nurture.versions.filter(frozen_at=None).exists()
    assert AuditEntry.objects.get(action="version.discard").detail["content"] == draft.content


@pytest.mark.parametrize("kind", ["routing", "nurture", "content", "quality", "reporting"])
@pytest.mark.requirement("A9")
def test_a_new_workflow_of_each_type_begins_with_its_usual_steps(kind: str, ana: User) -> None:
    team = Team.objects.get(key="marketing-ops")
    draft = workflows.create(key="fresh", name="Fresh", type=kind, owner=team, by=ana, at=AT)
    assert len(draft.content["steps"]) >= 3
    assert {one["owner"] for one in draft.content["steps"]} == {"marketing-ops"}
    assert not drafts.discard(workflow=draft.workflow, revision=1, by=ana, at=AT)
    assert not Workflow.objects.filter(key="fresh").exists()


def test_a_copy_is_another_workflow_with_the_same_steps(nurture: Workflow, ana: User) -> None:
    draft = workflows.copy(
        version=nurture.versions.get(), key="trial-nurture", name="Trial", owner=nurture.owner, by=ana, at=AT
    )
    assert (draft.content["key"], draft.content["name"]) == ("trial-nurture", "Trial")
    assert draft.content["steps"] == nurture.versions.get().content["steps"]
    with pytest.raises(ValidationError):
        workflows.copy(version=draft, key="trial-nurture", name="Again", owner=nurture.owner, by=ana, at=AT)


def test_comments_stay_with_a_step_that_gets_another_key(nurture: Workflow, ana: User, ben: User) -> None:
    first = comments.add(workflow=nurture, step="welcome", text="Too early?", by=ben, at=AT)
    comments.resolve(comment=first, by=ana, at=AT)
    comments.add(workflow=nurture, step="welcome", text="Yes", by=ana, at=AT + timedelta(hours=1), thread=first)
    first.refresh_from_db()
    assert first.resolved_at is None  # an answer takes it up again
    drafts.begin(workflow=nurture, by=ana, at=AT)
    change(nurture, edits.RenameStep("welcome", "first-mail"), ana, revision=1)
    assert set(StepComment.objects.values_list("step", flat=True)) == {"first-mail"}
    drafts.undo(workflow=nurture, revision=2, by=ana, at=AT)
    assert set(StepComment.objects.values_list("step", flat=True)) == {"welcome"}


def test_a_comment_says_something_about_its_own_step(nurture: Workflow, ana: User) -> None:
    with pytest.raises(ValidationError):
        comments.add(workflow=nurture, step="welcome", text="  ", by=ana, at=AT)
    first = comments.add(workflow=nurture, step="welcome", text="Hm", by=ana, at=AT)
    with pytest.raises(ValidationError):
        comments.add(workflow=nurture, step="pause", text="Hm", by=ana, at=AT, thread=first)
