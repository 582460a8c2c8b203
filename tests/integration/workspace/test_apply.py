"""Files are brought in wholly or not at all, by the actions that pages use."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command

from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed
from tests.integration.workspace.conftest import AT, Files, changed, planned
from workflows.models import (
    Activation,
    Alias,
    DefinitionVersion,
    EventType,
    Field,
    LifecycleStage,
    MessageTemplate,
    Segment,
    StageOwnership,
    Version,
)
from workflows.workspace import applying, exporting
from workflows.workspace.applying import CannotApply, OtherPlan

pytestmark = [pytest.mark.django_db]

WELCOME, NURTURE = "templates/demo-welcome.yaml", "workflows/demo-request-nurture.yaml"


def apply(files: Files, **more: object) -> str:
    done = applying.apply(files, **{"by": "tests", "at": AT, **more})  # type: ignore[arg-type]
    return done.summary()


def test_change_is_versioned_kept_in_history_and_audited(files: Files, person: Callable[[str], User]) -> None:
    admin = person("admin")
    assert apply(changed(files, WELCOME, "Hello", "Good day"), by=admin).startswith("1 to change")
    row = MessageTemplate.objects.get()
    version = DefinitionVersion.objects.filter(kind="template").first()
    assert row.body.startswith("Good day")
    assert version is not None
    assert (version.number, version.note, version.author) == (2, "From workspace files", admin)
    assert row.history.first().history_user == admin
    last, before = AuditEntry.objects.order_by("-number")[:2]
    assert (last.action, last.actor, last.detail["change"], before.action) == (
        "workspace.apply",
        "admin",
        1,
        "template.change",
    )


def test_second_apply_finds_nothing_to_do(files: Files) -> None:
    more = changed(files, WELCOME, "Hello", "Good day")
    apply(more)
    entries = AuditEntry.objects.count()
    assert apply(more) == f"nothing to do, {len(files)} unchanged"
    assert AuditEntry.objects.count() == entries


def test_one_problem_and_nothing_is_applied(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    more = changed(changed(files, WELCOME, "Hello", "Good day"), "stages/lead.yaml", "name: Lead", "nmae: Lead")
    with pytest.raises(CannotApply):
        apply(more)
    assert MessageTemplate.objects.get().body.startswith("Hello")


@pytest.mark.django_db(transaction=True)
def test_fault_on_the_way_takes_everything_back(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a plan cannot foresee: the second of two writes fails."""
    from workflows.workspace.writing import Writer

    real, seen = Writer.write, []

    def write(self: Writer, change: object) -> None:
        if seen:
            raise LookupError("there is no team any more")
        seen.append(change)
        real(self, change)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "write", write)
    more = changed(changed(files, WELCOME, "Hello", "Good day"), "stages/lead.yaml", "name: Lead", "name: Leads")
    with pytest.raises(CannotApply, match="no team any more"):
        apply(more)
    assert seen
    assert (MessageTemplate.objects.get().body[:5], LifecycleStage.objects.get(key="lead").name) == ("Hello", "Lead")
    assert not AuditEntry.objects.filter(action="workspace.apply").exists()


def test_only_the_plan_that_was_shown_is_applied(files: Files) -> None:
    more = changed(files, WELCOME, "Hello", "Good day")
    shown = planned(more).digest
    other = changed(more, WELCOME, "Good day", "Good evening")
    with pytest.raises(OtherPlan) as refused:
        apply(other, expected=shown)
    assert refused.value.plan.count("change") == 1
    with pytest.raises(OtherPlan):
        apply(more, expected="")
    assert apply(more, expected=shown[:16]).startswith("1 to change")


def test_who_may_not_does_not(files: Files, person: Callable[[str], User]) -> None:
    more = changed(files, WELCOME, "Hello", "Good day")
    with pytest.raises(NotAllowed, match="operator"):
        apply(more, by=person("ben"))
    with pytest.raises(CannotApply, match="another team"):
        apply(more, by=person("sal"))
    own = changed(files, "segments/enterprise-leads.yaml", "200", "250")
    assert apply(own, by=person("sal")).startswith("1 to change")


def test_workflow_becomes_a_version_and_nothing_goes_live(files: Files) -> None:
    live = Activation.objects.get(workflow__key="demo-request-nurture", until=None)
    apply(changed(files, NURTURE, "name: Demo request to nurture", "name: Demo to nurture"))
    version = Version.objects.filter(workflow__key="demo-request-nurture").order_by("number").last()
    assert version is not None
    assert (version.number, version.frozen_at, version.workflow.name) == (2, AT, "Demo to nurture")
    assert Activation.objects.get(workflow__key="demo-request-nurture", until=None) == live


def test_draft_of_somebody_is_not_run_over(files: Files) -> None:
    draft = files[NURTURE].replace(b"type: nurture", b"type: nurture\nstatus: draft").replace(b"2 days", b"3 days")
    with_draft = {**files, "workflows/demo-request-nurture.draft.yaml": draft}
    apply(with_draft)
    newer = changed(files, NURTURE, "name: Demo request to nurture", "name: Demo to nurture")
    with pytest.raises(CannotApply, match="open draft"):
        apply(newer)
    both = changed(with_draft, NURTURE, "name: Demo request to nurture", "name: Demo to nurture")
    assert apply(both).startswith("1 to change")
    assert {path: raw for path, raw in exporting.files().items() if path in both} == both
    assert apply(newer, prune=True) == f"1 to remove, {len(files)} unchanged"
    assert not Version.objects.filter(frozen_at=None).exists()


def test_stages_change_places(files: Files) -> None:
    more = changed(files, "stages/lead.yaml", "position: 2", "position: 3")
    more = changed(more, "stages/mql.yaml", "position: 3", "position: 2")
    apply(more)
    assert dict(LifecycleStage.objects.filter(key__in=["lead", "mql"]).values_list("key", "position")) == {
        "lead": 3,
        "mql": 2,
    }


def test_rename_travels_with_its_alias(files: Files) -> None:
    renamed = {path: raw.replace(b"Trial Started", b"Trial Begun") for path, raw in files.items()}
    renamed["aliases/event-type.yaml"] = b"kind: aliases\nof: event-type\nnames: {Trial Started: Trial Begun}\n"
    row = EventType.objects.get(name="Trial Started")
    apply(renamed)
    row.refresh_from_db()
    assert row.name == "Trial Begun"
    assert Alias.objects.get(until=None).new == "Trial Begun"
    assert planned(renamed).changes == ()


def test_new_things_come_in_whatever_their_order(files: Files) -> None:
    """A team that owns a system that holds a field that a segment asks for; statuses are reached step by step."""
    more = {
        **files,
        "a.yaml": b"kind: segment\nkey: vips\nname: VIPs\nmeaning: Them.\nowner: growth\nwhen: {contact.vip: true}\n",
        "b.yaml": b"kind: field\nkey: vip\nlabel: VIP\ntype: boolean\nsystem_of_record: desk\nowner: growth\n"
        b"status: frozen\nwritten_in: [enrich]\n",
        "c.yaml": b"kind: system\nkey: desk\nname: Desk\ntype: crm\nowner: growth\n",
        "d.yaml": b"kind: team\nkey: growth\nname: Growth\n",
        "e.yaml": b"kind: ownership\nstage: capture\nteams: [{team: growth}]\n",
    }
    del more["ownership/capture.yaml"]
    assert apply(more, by=User.objects.get(username="admin")).startswith("4 to add, 1 to change")
    assert Field.objects.get(key="vip").status == "frozen"
    assert list(StageOwnership.objects.filter(stage="capture").values_list("team__key", flat=True)) == ["growth"]


def test_thaw_by_file_takes_an_admin(files: Files, person: Callable[[str], User]) -> None:
    Segment.objects.filter(key="enterprise-leads").update(status="frozen")
    more = changed(files, "segments/enterprise-leads.yaml", "200", "250")
    with pytest.raises(CannotApply, match="role admin"):
        apply(more, by=person("sal"))
    apply(more, by=person("admin"))
    assert Segment.objects.get(key="enterprise-leads").status == "agreed"


def test_prune_removes_what_nothing_refers_to(files: Files) -> None:
    fewer = {path: raw for path, raw in files.items() if path not in ("segments/warm-without-consent.yaml",)}
    fewer["teams/growth.yaml"] = b"kind: team\nkey: growth\nname: Growth\n"
    apply(fewer)
    del fewer["teams/growth.yaml"]
    assert apply(fewer, prune=True) == f"2 to remove, {len(fewer)} unchanged"
    assert not Segment.objects.filter(key="warm-without-consent").exists()
    assert not Team.objects.filter(key="growth").exists()
    last = DefinitionVersion.objects.filter(key="warm-without-consent").order_by("number").last()
    assert last is not None
    assert last.content == {"kind": "segment", "key": "warm-without-consent", "removed": True}


def test_frozen_workflows_are_never_removed(files: Files) -> None:
    fewer = {path: raw for path, raw in files.items() if path != "workflows/keep-crm-in-step.yaml"}
    with pytest.raises(CannotApply, match="kept for ever"):
        apply(fewer, prune=True)


def test_many_new_definitions_are_written_as_each_alone_would_be(files: Files, person: Callable[[str], User]) -> None:
    """Bulk or not: version, history, consumers and audit chain are the same."""
    admin = person("admin")
    text = "kind: event-type\nname: Made {}\nmeaning: Something.\nowner: analytics\nconsumers: [sales-ops, analytics]\n"
    text += "schema: {{type: object}}\n"
    more = {**files, **{f"event-types/made-{i}.yaml": text.format(i).encode() for i in "abc"}}
    assert apply(more, by=admin).startswith("3 to add")
    rows = list(EventType.objects.filter(name__startswith="Made ").order_by("name"))
    assert [sorted(row.consumers.values_list("key", flat=True)) for row in rows] == [["analytics", "sales-ops"]] * 3
    assert [row.history.get().history_user for row in rows] == [admin] * 3
    assert [row.history.get().history_change_reason for row in rows] == ["From workspace files"] * 3
    versions = DefinitionVersion.objects.filter(key__startswith="Made ").order_by("key")
    assert [(row.number, row.content["consumers"], row.author) for row in versions] == [
        (1, ["analytics", "sales-ops"], admin)
    ] * 3
    assert AuditEntry.objects.filter(action="event-type.add", object_key__startswith="Made ").count() == 3
    call_command("verify_audit", stdout=StringIO())
    assert planned(more).changes == ()


def test_one_of_many_that_is_refused_is_named(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows.workspace import checking

    monkeypatch.setattr(checking, "problems", lambda *_: iter(()))  # what the plan would have said
    text = "kind: template\nkey: made-{}\nname: T\nowner: analytics\nchannel: email\nsubject: S\nbody: '{}'\n"
    more = {**files, **{f"{i}.yaml": text.format(i, "{% if %}" if i == "b" else "B").encode() for i in "abc"}}
    with pytest.raises(CannotApply, match=r"^b.yaml: message template made-b: "):
        apply(more)
    assert not MessageTemplate.objects.filter(key__startswith="made-").exists()
