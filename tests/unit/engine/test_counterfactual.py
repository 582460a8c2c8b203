"""The smallest change that turns a rule: applied, it turns it; and nothing smaller would have done."""

import random
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from workflows.engine.conditions import ConditionError, FieldType, compile_condition, places, value_at
from workflows.engine.counterfactual.changes import applied
from workflows.engine.counterfactual.patterns import example
from workflows.engine.counterfactual.rules import smallest_change

from .stories import AT

FIELDS = {
    "contact.score": FieldType("number"),
    "contact.size": FieldType("number"),
    "contact.country": FieldType("picklist", allowed=("DE", "FR", "AT", "US")),
    "contact.stage": FieldType("picklist", allowed=("lead", "mql", "sql")),
    "contact.email": FieldType("email"),
    "contact.company": FieldType("text"),
    "contact.vip": FieldType("boolean"),
    "contact.renewal_on": FieldType("date"),
    "contact.seen_at": FieldType("datetime"),
    "contact.consent.email": FieldType("consent"),
    "contact.consent.email.news": FieldType("consent"),
    "event.properties.tags": FieldType("list"),
}
SEGMENTS = {
    "hot": {"contact.score": {"$gte": 50}},
    "near": {"contact.country": {"$in": ["DE", "AT"]}, "$or": [{"segment": "hot"}, {"contact.vip": True}]},
}
WORDS = ("acme", "north", "gmbh", "AC", "beta")


def value(dice: random.Random, path: str) -> Any:
    """Something that the field could hold."""
    field = FIELDS[path]
    if field.allowed:
        return dice.choice(field.allowed)
    moment = AT + timedelta(days=dice.randint(-40, 40), seconds=dice.randint(0, 90_000))
    return {
        "number": lambda: dice.choice((dice.randint(0, 100), round(dice.uniform(0, 100), 1))),
        "boolean": lambda: dice.random() < 0.5,
        "date": lambda: moment.date().isoformat(),
        "datetime": lambda: moment.isoformat(),
        "consent": lambda: dice.choice(("granted", "denied")),
        "email": lambda: f"{dice.choice(WORDS)}@{dice.choice(('example.com', 'test.org'))}".lower(),
        "text": lambda: " ".join(dice.sample(WORDS, dice.randint(1, 3))),
        "list": lambda: dice.sample(WORDS, dice.randint(0, 3)),
    }[field.type]()


def comparison(dice: random.Random, path: str) -> Any:
    """An operator that suits the field, with something to compare."""
    kind, one = FIELDS[path].type, value(dice, path)
    if kind == "number" or kind in ("date", "datetime"):
        operator = dice.choice(("$gt", "$gte", "$lt", "$lte", "$eq", "$ne"))
        if kind != "number" and operator in ("$gt", "$gte", "$lt", "$lte") and dice.random() < 0.4:
            one = {dice.choice(("days_ago", "days_ahead")): dice.randint(0, 30)}
        return {operator: one}
    if kind in ("picklist", "consent"):
        several = dice.sample(list(FIELDS[path].allowed) or ["granted", "denied"], 2)
        return dice.choice(
            ({"$in": several}, {"$nin": several[:1]}, one, {"$ne": one}, {"$exists": dice.random() < 0.5})
        )
    if kind == "boolean":
        return dice.choice((one, {"$ne": one}, {"$exists": True}))
    if kind == "list":
        word = dice.choice(WORDS)
        return dice.choice(
            (
                {"$contains": word},
                {"$all": dice.sample(WORDS, 2)},
                {"$size": dice.randint(0, 3)},
                {"$size": {"$gte": dice.randint(1, 3)}},
                {"$elemMatch": {"$startsWith": word[:2]}},
            )
        )
    piece = dice.choice(WORDS)
    return dice.choice(
        (
            {"$contains": piece},
            {"$startsWith": piece},
            {"$endsWith": dice.choice(("com", "org", piece))},
            {"$regex": dice.choice((f"^{piece}", "^[a-z]+@test", "(beta|north)", r"\d{2,}$"))},
            {"$not": {"$contains": piece}},
            {"$exists": dice.random() < 0.7},
            {"$ne": one},
        )
    )


def rule(dice: random.Random, depth: int = 2) -> dict[str, Any]:
    """A rule as people nest them."""
    document: dict[str, Any] = {}
    for path in dice.sample(list(FIELDS), dice.randint(1, 3)):
        document[path] = comparison(dice, path)
    if depth and dice.random() < 0.6:
        group = dice.choice(("$or", "$or", "$and", "$nor"))
        document[group] = [rule(dice, depth - 1) for _ in range(dice.randint(1, 3))]
    if depth and dice.random() < 0.2:
        document["$not"] = rule(dice, depth - 1)
    if dice.random() < 0.15:
        document["segment"] = dice.choice(tuple(SEGMENTS))
    return document


def facts(dice: random.Random) -> dict[str, Any]:
    """A contact and an event; some values are missing, a few are of the wrong kind."""
    found: dict[str, Any] = {"contact": {}, "event": {"name": "Asked", "properties": {}}, "now": AT}
    for path in FIELDS:
        if dice.random() < 0.75:
            one = "many" if path == "contact.size" and dice.random() < 0.1 else value(dice, path)
            *parents, last = places(path)
            place = found
            for part in parents:
                place = place.setdefault(part, {})
            place[last] = one
    return found


def outcome(document: Mapping[str, Any], of: Mapping[str, Any]) -> bool | None:
    try:
        return compile_condition(document, segments=SEGMENTS).test(of)
    except ConditionError:
        return None


def test_five_hundred_answers_turn_the_rule_when_they_are_applied() -> None:
    dice = random.Random(500)
    contacts = [facts(random.Random(seed)) for seed in range(300)]
    turned, paths = 0, Counter[int]()
    while turned < 500:
        document, before = rule(dice), facts(dice)
        wanted = outcome(document, before) is not True
        changes = smallest_change(document, before, wanted=wanted, fields=FIELDS, segments=SEGMENTS)
        if changes is None:  # then nobody among many is as wanted either: the rule contradicts itself
            assert not any(outcome(document, other) is wanted for other in contacts), (document, before)
            continue
        assert outcome(document, applied(before, changes)) is wanted, (document, before, changes)
        assert all(change.path in FIELDS and change.says() for change in changes)
        turned += 1
        paths[len(changes)] += 1
    assert set(paths) >= {1, 2, 3}, paths


#: All that can matter to rules whose numbers are tens.
DOMAIN: dict[str, list[Any]] = {
    "contact.score": [None, *(ten + near for ten in range(0, 101, 10) for near in (-1, 0, 1))],
    "contact.country": [None, "DE", "FR", "AT", "US"],
    "contact.vip": [None, True, False],
    "contact.consent.email": [None, "granted", "denied"],
}


def small_rule(dice: random.Random, depth: int = 2) -> dict[str, Any]:
    """A rule of which every state can be tried."""
    document: dict[str, Any] = {}
    for path in dice.sample(list(DOMAIN), dice.randint(1, 2)):
        number = {dice.choice(("$gte", "$lt", "$ne")): dice.randrange(0, 101, 10)}
        document[path] = number if path == "contact.score" else comparison(dice, path)
    if depth:
        document[dice.choice(("$or", "$and", "$nor"))] = [small_rule(dice, depth - 1) for _ in range(2)]
    return document


def contact(score: Any, country: Any, vip: Any, consent: Any) -> dict[str, Any]:
    return {"contact": {"score": score, "country": country, "vip": vip, "consent": {"email": consent}}, "now": AT}


def test_no_smaller_set_of_paths_would_have_done() -> None:
    """Held against all states that there are."""
    dice = random.Random(7)
    compared = Counter[int | None]()
    for _ in range(60):
        document, now = small_rule(dice), [dice.choice(values) for values in DOMAIN.values()]
        test = compile_condition(document).test
        wanted = not test(contact(*now))
        turned = [state for state in product(*DOMAIN.values()) if test(contact(*state)) is wanted]
        least = min((sum(a != b for a, b in zip(state, now, strict=True)) for state in turned), default=None)
        changes = smallest_change(document, contact(*now), wanted=wanted, fields=FIELDS)
        assert (None if changes is None else len(changes)) == least, (document, now, changes)
        compared[least] += 1
    assert set(compared) >= {1, 2}, compared


@pytest.mark.parametrize(
    ("document", "who", "wanted", "says"),
    [
        ({"contact.score": {"$gt": 50}}, {"score": 12}, True, ["score would have to be 51; it is 12"]),
        ({"contact.score": {"$gte": 50.5}}, {"score": 12}, True, ["score would have to be 50.5; it is 12"]),
        ({"contact.score": {"$gt": 50, "$lt": 51}}, {"score": 1}, True, ["score would have to be 50.5; it is 1"]),
        ({"contact.score": {"$lt": 20}}, {"score": 12}, False, ["score would have to be 20; it is 12"]),
        (
            {"contact.country": {"$ne": "DE"}, "contact.vip": True},
            {"country": "DE"},
            True,
            ["country would have to be FR; it is DE", "vip would have to be yes; it is missing"],
        ),
        ({"contact.company": {"$exists": True}}, {}, True, ["company would have to be known; it is missing"]),
        (
            {"contact.company": {"$exists": True}},
            {"company": "B"},
            False,
            ["company would have to be missing; it is B"],
        ),
        ({"contact.consent.email": "granted"}, {}, True, ["consent for email would have to be granted; it is missing"]),
        (
            {"contact.renewal_on": {"$lte": {"days_ahead": 3}}},
            {"renewal_on": "2026-12-24"},
            True,
            ["renewal on would have to be 2026-11-23; it is 2026-12-24"],
        ),
        # One of two ways needs less.
        (
            {"$or": [{"contact.score": {"$gte": 50}, "contact.vip": True}, {"contact.country": "DE"}]},
            {"score": 12, "vip": False, "country": "FR"},
            True,
            ["country would have to be DE; it is FR"],
        ),
        # A value without an answer stands in the way of the whole rule, wherever it is.
        (
            {"$or": [{"contact.size": {"$gte": 5}}, {"contact.vip": True}]},
            {"size": "many", "vip": True},
            True,
            ["size would have to be 5; it is many"],
        ),
    ],
)
def test_answers_that_people_expect(
    document: dict[str, Any], who: dict[str, Any], wanted: bool, says: list[str]
) -> None:
    changes = smallest_change(document, {"contact": who, "now": AT}, wanted=wanted, fields=FIELDS)
    assert changes is not None
    assert [change.says() for change in changes] == says


@pytest.mark.parametrize(
    "document",
    [
        {"contact.score": {"$gt": 50, "$lt": 20}},
        {"event.name": "Other"},  # what happened, happened
        {"contact.vip": True, "$nor": [{"contact.vip": True}]},
    ],
)
def test_where_nothing_helps_that_is_the_answer(document: dict[str, Any]) -> None:
    assert smallest_change(document, {"contact": {}, "event": {"name": "Asked"}}, fields=FIELDS) is None


def test_what_holds_already_needs_nothing() -> None:
    assert smallest_change({"contact.vip": True}, {"contact": {"vip": True}}) == ()


@pytest.mark.parametrize("pattern", ["(", "[a", "(?=x)", r"\p{L}", "a**", None])
def test_expressions_too_unusual_for_an_example_give_none(pattern: object) -> None:
    assert example(pattern) is None


def test_wide_rule_is_answered_quickly_and_still_turned() -> None:
    branches = [{"contact.score": {"$gte": n}, "contact.size": {"$lt": n}} for n in range(40)]
    document = {"$and": [{"$or": branches}, {"$or": branches[::-1]}, {"$nor": branches[:3]}]}
    before = {"contact": {"score": 1, "size": 90}, "now": AT}
    changes = smallest_change(document, before, fields=FIELDS)
    assert changes is not None
    assert outcome(document, applied(before, changes)) is True
    assert value_at(before, "contact.score") == 1
