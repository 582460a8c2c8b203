"""API tokens are shown once, kept as a digest, and never allow more than their person may do (FAULTS S2)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from martechops.audit.models import AuditEntry
from martechops.people.actions import tokens, users
from martechops.people.models import ApiToken, User
from martechops.people.permissions import NotAllowed

from .conftest import NOON


def make(user: User, *, name: str = "default") -> tuple[ApiToken, str]:
    return tokens.create(user=user, scopes=["contacts:read"], by=user, at=NOON, name=name)


def test_token_text_is_accepted_and_its_use_noted(ana: User) -> None:
    token, text = make(ana)
    later = NOON + timedelta(hours=1)
    used = tokens.use(text, at=later)
    assert (used.pk, used.user, used.scopes) == (token.pk, ana, ["contacts:read"])
    token.refresh_from_db()
    assert token.last_used_at == later


def test_secret_is_nowhere_in_the_database(ana: User) -> None:
    _, text = make(ana)
    secret = text.split("_", 2)[2]
    assert len(secret) == 43  # 32 bytes
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM people_apitoken t")
        kept = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(a::text, '') FROM audit_auditentry a")
        kept += cursor.fetchone()[0]
    assert secret not in kept


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text.removeprefix("mops"),
        lambda text: "other" + text[4:],
        lambda text: "mops_0123456789ab_" + text.rsplit("_", 1)[1],
        lambda text: text[: text.rindex("_")] if text.count("_") == 2 else text[:10],
        lambda text: "",
        lambda text: "mops__",
        lambda text: text + "\ud800",
        lambda text: "mops_\0" + text[5:],
    ],
)
def test_token_with_any_part_wrong_is_refused(ana: User, spoil: Callable[[str], str]) -> None:
    _, text = make(ana)
    with pytest.raises(tokens.BadToken):
        tokens.use(spoil(text), at=NOON)


def test_expired_token_is_refused(ana: User) -> None:
    token, text = make(ana)
    tokens.use(text, at=token.expires_at - timedelta(seconds=1))
    with pytest.raises(tokens.BadToken):
        tokens.use(text, at=token.expires_at)


def test_revoked_token_is_refused(ana: User) -> None:
    token, text = make(ana)
    tokens.revoke(token=token, by=ana, at=NOON)
    with pytest.raises(tokens.BadToken):
        tokens.use(text, at=NOON)


def test_token_of_a_person_who_left_is_refused(ana: User) -> None:
    _, text = make(ana)
    ana.is_active = False
    ana.save()
    with pytest.raises(tokens.BadToken):
        tokens.use(text, at=NOON)


def test_two_of_a_name_may_be_live_so_that_one_can_be_replaced(ana: User) -> None:
    first, _ = make(ana)
    make(ana)
    with pytest.raises(tokens.TooManyLive):
        make(ana)
    make(ana, name="another program")
    tokens.revoke(token=first, by=ana, at=NOON)
    make(ana)


def test_scope_beyond_what_the_person_may_do_is_refused(cy: User) -> None:
    with pytest.raises(NotAllowed):
        make(cy)


def test_unknown_scope_is_refused_by_name(ana: User) -> None:
    with pytest.raises(tokens.UnknownScope, match="contacts:destroy"):
        tokens.create(user=ana, scopes=["contacts:destroy"], by=ana, at=NOON)


def test_only_an_admin_makes_or_ends_tokens_of_others(ana: User, ben: User, root: User) -> None:
    with pytest.raises(NotAllowed):
        tokens.create(user=ana, scopes=["contacts:read"], by=ben, at=NOON)
    token, _ = tokens.create(user=ana, scopes=["contacts:read"], by=root, at=NOON)
    with pytest.raises(NotAllowed):
        tokens.revoke(token=token, by=ben, at=NOON)


def test_making_and_ending_a_token_is_in_the_audit_log(ana: User) -> None:
    token, _ = make(ana)
    tokens.revoke(token=token, by=ana, at=NOON)
    tokens.revoke(token=token, by=ana, at=NOON)
    told = AuditEntry.objects.filter(object_key=token.public_id).order_by("number")
    assert [(entry.action, entry.actor) for entry in told] == [("token.create", "ana"), ("token.revoke", "ana")]


def test_command_prints_the_token_alone_on_standard_output(ana: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_token", user="ana", scopes="contacts:read, runs:read")
    printed = capsys.readouterr()
    token = tokens.use(printed.out.strip(), at=ApiToken.objects.get().created_at)
    assert token.scopes == ["contacts:read", "runs:read"]
    assert token.public_id in printed.err


@pytest.mark.parametrize(
    ("user", "scopes", "says"),
    [("nobody", "contacts:read", "no user"), ("ana", "a,b", "Unknown scope"), ("cy", "contacts:read", "role viewer")],
)
def test_command_says_in_one_sentence_what_is_wrong(ana: User, cy: User, user: str, scopes: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("create_token", user=user, scopes=scopes)


def test_losing_the_role_is_seen_at_the_next_use(ana: User, root: User) -> None:
    _, text = make(ana)
    users.grant(user=ana, roles=[], by=root, at=NOON)
    assert tokens.use(text, at=NOON).user.roles == []


@pytest.mark.parametrize("odd", [{"days": 0}, {"days": -5}, {"days": 999_999_999}, {"name": "n" * 81}, {"name": ""}])
def test_odd_lifetime_or_name_is_refused_in_a_sentence(ana: User, odd: dict[str, object]) -> None:
    with pytest.raises(CommandError, match=r"^--(days|name) must"):
        call_command("create_token", user="ana", scopes="contacts:read", **odd)
    assert not ApiToken.objects.exists()
