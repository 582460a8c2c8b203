"""Every model is in the admin: people edit definitions there, with log and history; the rest is to look at."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from martechops.audit import verification
from martechops.audit.admin import DefinitionAdmin
from martechops.audit.models import AuditEntry
from martechops.lib.admin import MachineWrittenAdmin
from martechops.people.actions import teams, users
from martechops.people.models import ApiToken, Role, Team, User
from workflows.models import (
    Activation,
    Connection,
    Effect,
    EventType,
    InboundEvent,
    Mapping,
    System,
    Trace,
    Version,
)

from .rows import NOON, make

OURS = ("martechops", "workflows", "campaigns", "reporting")


def models_of_ours() -> list[type[Model]]:
    return [
        model
        for model in apps.get_models()
        if model.__module__.split(".")[0] in OURS and not model.__name__.startswith("Historical")
    ]


SHOWN = sorted(
    (model for model in admin.site._registry if model in models_of_ours()), key=lambda model: model._meta.label
)
EDITED = [model for model in SHOWN if isinstance(admin.site._registry[model], DefinitionAdmin)]
WATCHED = [model for model in SHOWN if model not in EDITED]


def address(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def name(model: type[Model]) -> str:
    return model._meta.label


@pytest.fixture
def root(client: Client, db: None) -> User:
    user = users.add(username="root", password=None, roles=[Role.ADMIN], by="tests", at=NOON)
    client.force_login(user)
    return user


@pytest.fixture
def sal(db: None) -> User:
    """An operator in sales ops."""
    team = teams.add(key="sales-ops", name="Sales ops", duty="", by="tests", at=NOON)
    return users.add(username="sal", password=None, roles=[Role.OPERATOR], teams=[team], by="tests", at=NOON)


def test_every_model_is_in_the_admin_on_one_of_the_two_bases() -> None:
    assert [name(model) for model in models_of_ours() if model not in SHOWN] == []
    bases = (DefinitionAdmin, MachineWrittenAdmin)
    assert [name(model) for model in SHOWN if not isinstance(admin.site._registry[model], bases)] == []


def test_what_keeps_a_history_is_what_people_edit_except_what_is_frozen() -> None:
    # A connection is edited on its own page, where its secrets are sealed.
    assert {model for model in SHOWN if hasattr(model, "history")} - {Connection} == set(EDITED)


@pytest.mark.parametrize("model", SHOWN, ids=name)
def test_list_and_row_can_be_looked_at(client: Client, root: User, model: type[Model]) -> None:
    row = make(model)
    for page in (
        address(model, "changelist"),
        address(model, "changelist") + "?q=x1",
        address(model, "change", row.pk),
    ):
        assert client.get(page).status_code == 200, page


@pytest.mark.parametrize("model", [InboundEvent, Effect, Trace], ids=name)
def test_list_of_millions_of_rows_counts_none_of_them(client: Client, root: User, model: type[Model]) -> None:
    make(model)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address(model, "changelist")).status_code == 200
    assert not [one["sql"] for one in asked.captured_queries if "COUNT(" in one["sql"].upper()]


@pytest.mark.parametrize("model", WATCHED, ids=name)
def test_what_machines_write_cannot_be_changed_even_by_an_admin(client: Client, root: User, model: type[Model]) -> None:
    row = make(model)
    assert client.get(address(model, "add")).status_code == 403
    assert client.post(address(model, "change", row.pk), {}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    client.post(
        address(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    )
    assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", EDITED, ids=name)
def test_what_people_edit_has_forms_and_a_history(client: Client, root: User, model: type[Model]) -> None:
    row = make(model)
    assert client.get(address(model, "history", row.pk)).status_code == 200
    assert client.get(address(model, "history", row.pk) + f"{row.history.get().pk}/").status_code == 200
    not_added_here = name(model) in ("workflows.Source", "workflows.WorkCalendar")
    assert client.get(address(model, "add")).status_code == (403 if not_added_here else 200)


@pytest.mark.parametrize("key", ["x", "..", "1.0", "9" * 5000, "%27"])
def test_history_of_no_row_is_not_found(client: Client, root: User, key: str) -> None:
    assert client.get(f"/admin/people/team/{key}/history/").status_code == 404


def test_definition_that_the_runtime_could_not_use_is_refused(client: Client, root: User) -> None:
    mapping = make(Mapping, rows=[])
    rows = '[{"from": "event.properties.x", "to": "x", "type": "no such type"}]'
    said = {"name": "Form", "owner": mapping.owner_id, "status": "draft", "rows": rows}
    answer = client.post(address(Mapping, "change", mapping.pk), said)
    assert (answer.status_code, "needs a type out of" in answer.content.decode()) == (200, True)
    answer = client.post(address(Mapping, "change", mapping.pk), said | {"rows": rows.replace("no such type", "text")})
    assert answer.status_code == 302


@pytest.mark.parametrize("effect", ["1", '"denied"', '["email"]', '{"email": "maybe"}', '{"email": {"a": 1}}'])
def test_consent_effect_names_channels_and_what_they_become(client: Client, root: User, effect: str) -> None:
    kind = make(EventType, consent_effect={})
    said = {"meaning": "x", "owner": kind.owner_id, "status": "draft", "schema": "{}", "score_effect": 0}
    assert client.post(address(EventType, "change", kind.pk), said | {"consent_effect": effect}).status_code == 200
    kind.refresh_from_db()
    assert kind.consent_effect == {}


def test_nothing_can_be_made_live_through_the_admin() -> None:
    assert {Activation, Version} <= set(WATCHED)


def test_changing_a_definition_is_in_the_log_and_in_its_history(client: Client, root: User) -> None:
    team = make(Team, key="sales-ops", name="Sales", duty="Sells.")
    answer = client.post(address(Team, "change", team.pk), {"name": "Sales ops", "duty": "Sells."})
    assert answer.status_code == 302
    team.refresh_from_db()
    assert team.name == "Sales ops"
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.actor, entry.action, entry.object_key) == ("root", "team.change", "sales-ops")
    assert entry.detail["changes"] == [{"changed": {"fields": ["Name"]}}]
    assert team.history.first().history_user == root
    assert verification.verify().breaks == ()


def test_adding_and_deleting_are_in_the_log(client: Client, root: User) -> None:
    client.post(address(Team, "add"), {"key": "analytics", "name": "Analytics", "duty": ""})
    team = Team.objects.get(key="analytics")
    client.post(address(Team, "delete", team.pk), {"post": "yes"})
    assert not Team.objects.filter(key="analytics").exists()
    told = AuditEntry.objects.filter(object_key="analytics").order_by("number")
    assert [entry.action for entry in told] == ["team.add", "team.delete"]


def test_key_of_a_definition_does_not_change(client: Client, root: User) -> None:
    team = make(Team, key="sales-ops")
    client.post(address(Team, "change", team.pk), {"key": "other", "name": "Sales", "duty": "Sells."})
    team.refresh_from_db()
    assert (team.key, team.name) == ("sales-ops", "Sales")


def test_going_back_to_an_older_state_is_in_the_log_too(client: Client, root: User) -> None:
    team = make(Team, key="sales-ops", name="Sales", duty="Sells.")
    first = team.history.get()
    team.name = "Sales ops"
    team.save()
    client.post(address(Team, "history", team.pk) + f"{first.pk}/", {"name": "Sales", "duty": "Sells."})
    team.refresh_from_db()
    assert team.name == "Sales"
    assert AuditEntry.objects.filter(action="team.change", actor="root").exists()


def test_operator_edits_what_their_own_team_owns(client: Client, sal: User) -> None:
    client.force_login(sal)
    own = make(System, owner=Team.objects.get(key="sales-ops"))
    other = make(System)
    form = {"name": "Renamed", "kind": "crm", "connector": "", "owner": own.owner.pk, "sandbox": "on"}
    assert client.post(address(System, "change", own.pk), form).status_code == 302
    assert client.post(address(System, "change", other.pk), form).status_code == 403
    assert client.get(address(System, "change", other.pk)).status_code == 200  # to look at
    own.refresh_from_db()
    assert own.name == "Renamed"


def test_operator_gives_nothing_to_another_team(client: Client, sal: User) -> None:
    client.force_login(sal)
    form = {"key": "new", "name": "New", "kind": "crm", "connector": "", "owner": make(Team).pk, "sandbox": "on"}
    assert client.post(address(System, "add"), form).status_code == 403
    assert not System.objects.filter(key="new").exists()


@pytest.mark.parametrize("model", [User, Team, ApiToken], ids=name)
def test_operator_changes_nobodys_roles_teams_or_tokens(client: Client, sal: User, model: type[Model]) -> None:
    client.force_login(sal)
    row = make(model)
    assert client.post(address(model, "change", row.pk), {"roles": '["admin"]'}).status_code == 403
    if model is not ApiToken:
        assert client.get(address(model, "add")).status_code == 403


def test_only_an_admin_reads_the_audit_log(client: Client, sal: User, root: User) -> None:
    assert client.get(address(AuditEntry, "changelist")).status_code == 200
    client.force_login(sal)
    assert client.get(address(AuditEntry, "changelist")).status_code == 403


def test_unknown_role_is_refused(client: Client, root: User) -> None:
    ben = make(User, roles=["viewer"])
    form = {"username": ben.username, "timezone": "UTC", "is_active": "on"}
    client.post(address(User, "change", ben.pk), form | {"roles": '["emperor"]'})
    ben.refresh_from_db()
    assert ben.roles == ["viewer"]
    client.post(address(User, "change", ben.pk), form | {"roles": '["approver"]'})
    ben.refresh_from_db()
    assert ben.roles == ["approver"]
    assert AuditEntry.objects.filter(action="user.change", object_key=ben.username).exists()


def test_new_password_is_in_the_log_without_its_words(client: Client, root: User) -> None:
    ben = make(User)
    page = reverse("admin:auth_user_password_change", args=[ben.pk])
    words = "correct horse battery"
    form = {"password1": words, "password2": words, "usable_password": "true"}
    assert client.post(page, form).status_code == 302
    ben.refresh_from_db()
    assert ben.check_password(words)
    entry = AuditEntry.objects.get(action="user.change", object_key=ben.username)
    assert words not in str(entry.detail)


def test_token_is_revoked_from_the_list(client: Client, root: User) -> None:
    token = make(ApiToken)
    page = address(ApiToken, "changelist")
    client.post(page, {"action": "revoke", "_selected_action": [token.pk]})
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert AuditEntry.objects.filter(action="token.revoke", actor="root").exists()


def test_secret_digest_of_a_token_is_not_shown(client: Client, root: User) -> None:
    token = make(ApiToken, secret_digest="d" * 64)
    assert b"d" * 64 not in client.get(address(ApiToken, "change", token.pk)).content


def test_index_names_the_installation_and_groups_models_by_app(client: Client, root: User) -> None:
    page = client.get("/admin/").content.decode()
    assert "MartechOps" in page
    for app in ("People", "Audit", "Workflows", "Campaigns", "Sandbox"):
        assert app in page
