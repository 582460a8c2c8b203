"""Consent by channel and purpose: one state whatever the order of what was said (requirement E4, FAULTS S16)."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from workflows.engine import consents
from workflows.engine.conditions import compile_condition, value_at
from workflows.engine.consents import DENIED, GRANTED, Consent
from workflows.engine.counterfactual.changes import Change, applied

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAYS = [MONDAY + timedelta(days=day) for day in range(6)]

Statement = tuple[str, str, datetime]


def after(*statements: Statement) -> Consent:
    folded: Consent = {}
    for name, state, at in statements:
        folded = consents.stated(folded, name, state, at=at)
    return folded


def states(consent: Consent) -> dict[str, str]:
    return {name: said["state"] for name, said in consent.items()}


STORY: tuple[Statement, ...] = (
    ("email", GRANTED, DAYS[0]),
    ("email.news", GRANTED, DAYS[1]),
    ("email", DENIED, DAYS[2]),
    ("email", GRANTED, DAYS[3]),
    ("email.offers", GRANTED, DAYS[4]),
    ("email.news", DENIED, DAYS[2]),
)


@pytest.mark.requirement("E4")
def test_every_order_of_six_statements_ends_in_one_state() -> None:
    found = {str(sorted(after(*order).items())) for order in itertools.permutations(STORY)}
    assert len(found) == 1
    assert states(after(*STORY)) == {"email": GRANTED, "email.news": DENIED, "email.offers": GRANTED}


def test_two_halves_of_a_story_merged_are_the_whole_story() -> None:
    whole = after(*STORY)
    for cut in range(len(STORY) + 1):
        for order in (STORY, STORY[::-1]):
            assert consents.merged(after(*order[:cut]), after(*order[cut:])) == whole


def test_who_leaves_a_channel_leaves_its_purposes_and_agreeing_again_brings_none_back() -> None:
    agreed = after(("email", GRANTED, DAYS[0]), ("email.news", GRANTED, DAYS[0]), ("chat.news", GRANTED, DAYS[0]))
    left = consents.stated(agreed, "email", DENIED, at=DAYS[1])
    assert states(left) == {"email": DENIED, "email.news": DENIED, "chat.news": GRANTED}
    back = consents.stated(left, "email", GRANTED, at=DAYS[2])
    assert states(back) == {"email": GRANTED, "email.news": DENIED, "chat.news": GRANTED}
    assert states(consents.stated(back, "email.news", GRANTED, at=DAYS[3]))["email.news"] == GRANTED
    # What was said before they left arrives late, and changes nothing.
    assert states(consents.stated(back, "email.offers", GRANTED, at=DAYS[0]))["email.offers"] == DENIED


def test_refusal_wins_at_the_same_instant() -> None:
    for order in itertools.permutations([("email.news", GRANTED, MONDAY), ("email", DENIED, MONDAY)]):
        assert states(after(*order)) == {"email.news": DENIED, "email": DENIED}


def test_what_is_decided_here_and_now_stands_above_what_is_dated_later() -> None:
    agreed = after(("email", GRANTED, DAYS[5]), ("email.news", GRANTED, DAYS[5]))
    assert states(consents.decided(agreed, "email", DENIED, at=DAYS[0])) == {"email": DENIED, "email.news": DENIED}
    assert states(consents.decided(agreed, "email.news", DENIED, at=DAYS[0])) == {
        "email": GRANTED,
        "email.news": DENIED,
    }


def test_rules_ask_for_a_purpose_by_its_path_and_a_channel_keeps_its_own() -> None:
    known = {"contact": consents.facts(after(("email", GRANTED, MONDAY), ("email.news", DENIED, MONDAY)))}
    assert value_at(known, "contact.consent.email") == GRANTED
    assert value_at(known, "contact.consent.email.news") == DENIED
    assert value_at(known, "contact.consent.email.marketing") == GRANTED
    assert value_at(known, "contact.consent.email.offers") is None
    rule = compile_condition({"contact.consent.email.news": "granted"})
    assert not rule.test(known)
    turned = applied(known, [Change("contact.consent.email.news", DENIED, GRANTED)])
    assert rule.test(turned)
    assert value_at(turned, "contact.consent.email") == GRANTED


def test_words_name_channel_and_purpose() -> None:
    assert Change("contact.consent.email.product_news", None, GRANTED).says() == (
        "consent for email for product news would have to be granted; it is missing"
    )
