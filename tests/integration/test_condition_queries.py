"""The database gives the very answers that the evaluator gives: counts, members, and what cannot be answered."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from martechops.lib import bulk
from workflows.engine.conditions import OPERATORS, BadCondition, ConditionError, compile_condition
from workflows.engine.scoring import Scoring
from workflows.models import Contact
from workflows.queries import conditions
from workflows.queries.conditions import Terms
from workflows.queries.contacts import facts_of

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TERMS = Terms(at=NOW, segments={})

TEXTS = ["", "a", "A", "lead", "Lead", "MÜNCHEN", "münchen", "İstanbul", "Σίγμα", "50", "x%_y\\", "2026-11-01"]
DATES = [
    "2026-10-23",
    "2026-11-22",
    "2026-11-22T09:30:00+00:00",
    "2026-11-22T08:30:00.25Z",
    "2026-11-22T09:30:00+01:00",
]
SCALARS: list[Any] = [*TEXTS, *DATES, 0, 1, 50, 50.0, 0.1, -7, 200, True, False]
VALUES: list[Any] = [*SCALARS, None, [], ["a", 50], [True, "lead"], {"a": 1}, {}]
PATHS = [
    "contact.email",
    "contact.lifecycle_stage",
    "contact.score",
    "contact.consent.email",
    "contact.consent.email.more",
    "contact.consent.email.marketing",
    "contact.consent.email.more.still",
    "contact.size",
    "contact.city",
    "contact.city.a",
    "contact.email.a",
    "contact.nobody",
]

values, scalars = st.sampled_from(VALUES), st.sampled_from(SCALARS)
whole = st.sampled_from([*SCALARS, ["a", 50], {"a": 1}])
texts = st.sampled_from([text for text in TEXTS if text])
distances = st.builds(
    lambda unit, count: {unit: count}, st.sampled_from(["days_ago", "hours_ago", "days_ahead"]), st.integers(0, 40)
)
patterns = st.sampled_from(["a", "^[Ll]ead$", "\\d+", "(?i)mün", "^$", "\\pL{4,}", "x%"])


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    operator = draw(st.sampled_from([name for name, row in OPERATORS.items() if row.lookup]))
    row = OPERATORS[operator]
    if operator == "$regex":
        return {operator: draw(patterns)}
    wanted = {
        "value": whole,
        "one": scalars | distances,
        "many": st.lists(scalars, min_size=1, max_size=3),
        "text": texts,
        "yes_no": st.booleans(),
    }[row.takes]
    return {operator: draw(wanted)}


#: Asked for by the rules below, one of them by way of the other.
SEGMENTS: dict[str, Any] = {
    "fifty": {"contact.score": {"$gte": 50}},
    "lead-in-town": {"contact.lifecycle_stage": "lead", "contact.city": {"$contains": "a"}},
    "either": {"$or": [{"segment": "fifty"}, {"$not": {"segment": "lead-in-town"}}]},
}


@st.composite
def of_a_path(draw: st.DrawFn) -> dict[str, Any]:
    wanted = draw(whole | comparisons() | st.builds(lambda inner: {"$not": inner}, comparisons()))
    return {draw(st.sampled_from(PATHS)): wanted}


rules = st.recursive(
    st.builds(lambda key: {"segment": key}, st.sampled_from(sorted(SEGMENTS)))
    | of_a_path()
    | st.builds(lambda a, b: a | b, of_a_path(), of_a_path()),
    lambda inner: st.one_of(
        st.builds(
            lambda group, parts: {group: parts},
            st.sampled_from(["$and", "$or", "$nor"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda part: {"$not": part}, inner),
    ),
    max_leaves=5,
)
fields = st.dictionaries(st.sampled_from(["size", "city", "email", "score"]), values, max_size=3)
contacts = st.tuples(
    st.sampled_from([None, *TEXTS]),
    st.sampled_from([None, "lead", "mql", ""]),
    st.sampled_from([-7, 0, 1, 50, 200, 0.1, 49.999999999]),
    st.sampled_from([None, NOW, NOW - timedelta(hours=1), NOW - timedelta(days=10), NOW + timedelta(days=1)]),
    st.sampled_from(
        [
            {},
            {"email": {"state": "granted", "at": "x"}},
            {"email": {"state": "denied", "at": "x"}, "email.more": {"state": "granted", "at": "x"}},
            {"email.more": {"state": "denied", "at": "x"}},
        ]
    ),
    fields,
)


def put(rows: list[tuple[Any, ...]]) -> list[Contact]:
    """Contacts by COPY, and as they are read back."""
    Contact.objects.all().delete()
    lines = [
        (email, stage, score, scored_at, bulk.Json(consent), bulk.Json(known), NOW, NOW)
        for email, stage, score, scored_at, consent, known in rows
    ]
    columns = ["email", "lifecycle_stage", "score", "scored_at", "consent", "fields", "created_at", "updated_at"]
    with connection.cursor() as cursor:
        bulk.copy_rows(cursor, Contact._meta.db_table, columns, lines)
    return list(Contact.objects.order_by("pk"))


def asked(where: str, values: Any) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {conditions.TABLE} c WHERE {where}", values)
        return {pk for (pk,) in cursor.fetchall()}


def told_apart(rule: dict[str, Any], people: list[Contact], terms: Terms) -> tuple[set[int], set[int]]:
    """Who is a member and of whom it cannot be said, by the evaluator."""
    condition = compile_condition(rule, segments=terms.segments)
    scoring = Scoring(rules=(), half_life_days=terms.half_life_days)
    members, unanswered = set(), set()
    for person in people:
        try:
            if condition.test(facts_of(person, scoring=scoring, at=NOW) | {"now": NOW}):
                members.add(person.pk)
        except ConditionError:
            unanswered.add(person.pk)
    return members, unanswered


@pytest.mark.django_db
@pytest.mark.requirement("K3")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(contacts, min_size=1, max_size=12), rule=rules, half_life=st.sampled_from([None, 0.5, 10.0, 365.0])
)
def test_database_and_evaluator_agree_on_every_contact(
    people: list[Any], rule: dict[str, Any], half_life: float | None
) -> None:
    rows = put(people)
    terms = Terms(at=NOW, segments=SEGMENTS, half_life_days=half_life)
    where = conditions.where(rule, terms)
    members, unanswered = told_apart(rule, rows, terms)
    assert asked(where.member, where.values) == members
    assert asked(f"NOT {where.answerable}", where.values) == unanswered


@pytest.mark.django_db
def test_every_operator_agrees_on_every_kind_of_value() -> None:
    """The same without dice: each operator with each value, over contacts that hold every value."""
    people = put([(None, None, 0, None, {}, {"size": value}) for value in VALUES] + [(None, None, 0, None, {}, {})])
    for name, row in OPERATORS.items():
        if row.lookup is None:
            continue
        wanted: list[Any] = {"many": [SCALARS[:3], SCALARS[3:]], "yes_no": [True, False], "text": TEXTS[1:]}.get(
            row.takes, SCALARS
        )
        if name == "$regex":
            wanted = ["a", "\\d"]
        for value in [*wanted, *([{"days_ago": 30}, {"hours_ago": 1}] if row.words_date else [])]:
            rule = {"contact.size": {name: value}}
            where = conditions.where(rule, TERMS)
            members, unanswered = told_apart(rule, people, TERMS)
            assert asked(where.member, where.values) == members, rule
            assert asked(f"NOT {where.answerable}", where.values) == unanswered, rule


@pytest.mark.parametrize(
    "rule",
    [
        {"event.name": "Demo Requested"},
        {"contact": "x"},
        {"contact.consent": "granted"},
        {"contact.tags": {"$size": 1}},
        {"segment": "nowhere"},
    ],
)
def test_rule_that_no_contact_can_answer_by_itself_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(BadCondition):
        conditions.where(rule, TERMS)
