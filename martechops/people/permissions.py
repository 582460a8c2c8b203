"""Who may do what: the one policy, default deny (FAULTS S1). What the state of a thing allows is asked elsewhere.

An action has a rule here or nobody may do it. Buttons ask `may`, writes ask `check_may`: they cannot disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from martechops.people.models import Role, User


class NotAllowed(PermissionDenied):
    """This person may not do this; another might. A page answers 403."""


class UnknownAction(LookupError):
    """No rule has this name: a mistake in the code, not in the request."""


@runtime_checkable
class Owned(Protocol):
    """What belongs to a team."""

    owner_id: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Which role it takes (a role includes others, see `Role`), and whether the thing must be one's own team's."""

    role: Role
    own_team: bool = False


POLICY: Mapping[str, Rule] = {
    # Looking at things
    "today.view": Rule(Role.VIEWER),
    "workflows.view": Rule(Role.VIEWER),
    "runs.view": Rule(Role.VIEWER),
    "effects.view": Rule(Role.VIEWER),
    "contacts.view": Rule(Role.VIEWER),
    "definitions.view": Rule(Role.VIEWER),
    "content.view": Rule(Role.VIEWER),
    "handwork.view": Rule(Role.VIEWER),
    "campaigns.view": Rule(Role.VIEWER),
    "playbooks.view": Rule(Role.VIEWER),
    "events.view": Rule(Role.VIEWER),
    "mailbox.view": Rule(Role.VIEWER),
    "crm.view": Rule(Role.VIEWER),
    "results.view": Rule(Role.VIEWER),
    "workspace.view": Rule(Role.VIEWER),
    "components.view": Rule(Role.VIEWER),
    "api-docs.view": Rule(Role.VIEWER),
    "teams.view": Rule(Role.VIEWER),
    # Saying what should happen
    "workflows.edit": Rule(Role.MARKETER, own_team=True),
    "workflows.comment": Rule(Role.MARKETER),
    "replays.start": Rule(Role.MARKETER),
    "definitions.edit": Rule(Role.MARKETER, own_team=True),
    "contacts.write": Rule(Role.MARKETER),
    "contacts.import": Rule(Role.MARKETER),
    "crm.edit": Rule(Role.MARKETER),
    "contacts.merge": Rule(Role.OPERATOR),
    "notices.see": Rule(Role.MARKETER, own_team=True),
    "change-requests.decide": Rule(Role.MARKETER, own_team=True),
    "content.edit": Rule(Role.MARKETER, own_team=True),
    "handwork.answer": Rule(Role.MARKETER, own_team=True),
    "chat-rooms.edit": Rule(Role.MARKETER, own_team=True),
    "checklists.sign": Rule(Role.MARKETER),
    "checklists.run": Rule(Role.MARKETER),
    "checklists.view": Rule(Role.VIEWER),
    "ownership.manage": Rule(Role.ADMIN),
    "campaigns.edit": Rule(Role.MARKETER, own_team=True),
    "playbooks.edit": Rule(Role.MARKETER, own_team=True),
    "campaigns.launch": Rule(Role.MARKETER, own_team=True),
    # Whoever sees that something goes wrong stops it.
    "campaigns.stop": Rule(Role.MARKETER),
    # Keeping it running
    "events.replay": Rule(Role.OPERATOR),
    "runs.retry": Rule(Role.OPERATOR),
    "assignments.answer": Rule(Role.OPERATOR),
    "effects.resolve": Rule(Role.OPERATOR),
    "systems.pause": Rule(Role.OPERATOR),
    "connections.view": Rule(Role.VIEWER),
    "connections.manage": Rule(Role.OPERATOR, own_team=True),
    "outbound.stop": Rule(Role.OPERATOR),
    "sources.manage": Rule(Role.OPERATOR),
    "admin.view": Rule(Role.OPERATOR),
    "workspace.apply": Rule(Role.OPERATOR),
    # Agreeing to it
    "approvals.view": Rule(Role.VIEWER),
    "approvals.decide": Rule(Role.APPROVER),
    "approvals.break-glass": Rule(Role.ADMIN),
    "rollouts.view": Rule(Role.VIEWER),
    "rollouts.start": Rule(Role.MARKETER, own_team=True),
    # Whoever sees that something goes wrong stops it.
    "rollouts.stop": Rule(Role.MARKETER),
    "content.publish": Rule(Role.APPROVER, own_team=True),
    # Running the installation
    "tokens.own": Rule(Role.VIEWER),
    "tokens.manage": Rule(Role.ADMIN),
    "people.manage": Rule(Role.ADMIN),
    "teams.manage": Rule(Role.ADMIN),
    "admin.change": Rule(Role.ADMIN),
    "audit.view": Rule(Role.ADMIN),
    "retention.view": Rule(Role.VIEWER),
    "retention.manage": Rule(Role.ADMIN),
}


def check_may(user: AbstractBaseUser | AnonymousUser, action: str, obj: object = None) -> None:
    """Return if `user` may do `action` (to `obj`); raise NotAllowed if not, UnknownAction if there is no such rule.

    Without `obj` the question is whether the person might do it to anything at all.
    """
    rule = POLICY.get(action)
    if rule is None:
        raise UnknownAction(action)
    if not isinstance(user, User) or not user.is_active:
        raise NotAllowed("Sign in first.")
    if not user.has_role(rule.role):
        raise NotAllowed(f"This takes the role {Role(rule.role).label.lower()}.")
    if rule.own_team and isinstance(obj, Owned) and not _owns(user, obj):
        raise NotAllowed("This belongs to another team.")


def may(user: AbstractBaseUser | AnonymousUser, action: str, obj: object = None) -> bool:
    """Would `check_may` return?"""
    try:
        check_may(user, action, obj)
    except NotAllowed:
        return False
    return True


def _owns(user: User, obj: Owned) -> bool:
    return user.has_role(Role.ADMIN) or obj.owner_id in user.team_ids
