"""From a number to the contacts behind it."""

from dataclasses import dataclass
from datetime import datetime

from reporting import compile
from reporting.metrics import Question
from reporting.queries.metrics import Catalog, ask_one, leaf_of, rows_of, sql_of, zone
from workflows.engine.metrics import MODELS
from workflows.models import Contact

MOST = 200


@dataclass(frozen=True, slots=True)
class Person:
    """One contact, and how many of the rows are about it."""

    id: int
    name: str
    rows: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Behind:
    """Whom a number is about."""

    value: float | None
    currency: str
    #: What the rows are: "changes of lifecycle stage".
    rows_are: str
    people: tuple[Person, ...]
    is_cut: bool
    sql: str


def behind(question: Question, *, known: Catalog) -> Behind:
    """The contacts of the newest rows first. Raises LookupError where the rows are about none."""
    answer = ask_one(question, known=known)
    leaf = leaf_of(known.plan(question))
    found = rows_of(compile.contacts(leaf, question.period, zone=zone(), most=MOST + 1))
    names = dict(Contact.objects.filter(pk__in=[row[0] for row in found]).values_list("pk", "email"))
    people = [
        Person(id, names.get(id) or f"Contact {id}", rows, last) for id, rows, last in found[:MOST] if id in names
    ]
    return Behind(
        value=answer.value,
        currency=answer.currency,
        rows_are=MODELS[leaf.view].says,
        people=tuple(people),
        is_cut=len(found) > MOST,
        sql=sql_of(question, known=known),
    )
