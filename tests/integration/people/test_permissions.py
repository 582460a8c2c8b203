"""One policy says who may; without a rule nobody may (FAULTS S1)."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser

from martechops.people.actions import teams, users
from martechops.people.models import Role, Team, User
from martechops.people.permissions import POLICY, NotAllowed, UnknownAction, check_may, may

from .conftest import NOON


@pytest.mark.parametrize(
    ("roles", "allowed", "denied"),
    [
        ([], [], ["today.view", "workflows.edit", "approvals.decide", "people.manage"]),
        ([Role.VIEWER], ["today.view"], ["workflows.edit", "runs.retry", "approvals.decide", "people.manage"]),
        ([Role.MARKETER], ["today.view", "workflows.edit"], ["runs.retry", "approvals.decide", "people.manage"]),
        ([Role.OPERATOR], ["workflows.edit", "runs.retry", "admin.view"], ["approvals.decide", "people.manage"]),
        ([Role.APPROVER], ["today.view", "approvals.decide"], ["workflows.edit", "runs.retry", "people.manage"]),
        ([Role.MARKETER, Role.APPROVER], ["workflows.edit", "approvals.decide"], ["runs.retry", "people.manage"]),
        ([Role.ADMIN], list(POLICY), []),
    ],
    ids=str,
)
def test_role_allows_what_it_includes_and_nothing_else(
    roles: list[Role], allowed: list[str], denied: list[str]
) -> None:
    user = User(username="someone", roles=roles)
    assert [action for action in allowed if not may(user, action)] == []
    assert [action for action in denied if may(user, action)] == []


@pytest.mark.parametrize("action", POLICY)
def test_nobody_anonymous_or_inactive_may_do_anything(action: str) -> None:
    assert not may(AnonymousUser(), action)
    assert not may(User(username="left", roles=["admin"], is_superuser=True, is_active=False), action)


def test_superuser_made_on_the_command_line_is_an_admin() -> None:
    assert may(User(username="root", is_superuser=True), "people.manage")


def test_action_without_a_rule_is_a_mistake_in_the_code() -> None:
    with pytest.raises(UnknownAction):
        may(User(username="root", is_superuser=True), "moon.land")


def test_unknown_role_in_the_row_allows_nothing() -> None:
    assert not may(User(username="someone", roles=["emperor"]), "today.view")


def test_marketer_edits_what_their_own_team_owns(ana: User, root: User, marketing_ops: Team) -> None:
    sales_ops = teams.add(key="sales-ops", name="Sales ops", duty="", by=root, at=NOON)
    check_may(ana, "workflows.edit", SimpleNamespace(owner_id=marketing_ops.pk))
    with pytest.raises(NotAllowed, match="another team"):
        check_may(ana, "workflows.edit", SimpleNamespace(owner_id=sales_ops.pk))
    check_may(root, "workflows.edit", SimpleNamespace(owner_id=sales_ops.pk))


def test_only_an_admin_manages_people_and_teams(ana: User, cy: User, marketing_ops: Team) -> None:
    for attempt in (
        lambda: users.grant(user=cy, roles=[Role.ADMIN], by=ana, at=NOON),
        lambda: users.grant(user=ana, roles=[Role.ADMIN], by=ana, at=NOON),
        lambda: teams.join(team=marketing_ops, user=cy, by=ana, at=NOON),
        lambda: users.add(username="dee", password=None, roles=[], by=ana, at=NOON),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_joining_and_leaving_a_team(cy: User, root: User, marketing_ops: Team) -> None:
    teams.join(team=marketing_ops, user=cy, by=root, at=NOON)
    teams.join(team=marketing_ops, user=cy, by=root, at=NOON)
    assert list(cy.teams.all()) == [marketing_ops]
    teams.leave(team=marketing_ops, user=cy, by=root, at=NOON)
    assert not cy.teams.exists()
