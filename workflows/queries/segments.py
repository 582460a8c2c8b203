"""Segments: how many are in one, who, who would join or leave by a change, and where it is used."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from workflows.engine.conditions import FieldType
from workflows.models import Field, LifecycleStage, Segment

from . import scores, segment_rules
from .conditions import TABLE, Terms, where

SAMPLE = 10


@dataclass(frozen=True, slots=True)
class Person:
    """One contact of a sample."""

    id: int
    email: str | None

    @property
    def name(self) -> str:
        return self.email or f"Contact {self.id}"


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in a segment now."""

    count: int
    total: int
    #: Contacts of whom it cannot be said, because a value is of the wrong type.
    unanswered: int
    #: The newest of them.
    sample: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a segment when its rule is replaced."""

    before: int
    after: int
    joins: int
    leaves: int
    joining: tuple[Person, ...]
    leaving: tuple[Person, ...]


def listed() -> list[Segment]:
    """Every segment with its owner, by name."""
    return list(Segment.objects.select_related("owner").order_by("name"))


def field_types() -> dict[str, FieldType]:
    """Every path of a contact that the catalog knows, for `check_types` and the builder."""
    stages = tuple(LifecycleStage.objects.order_by("position").values_list("key", flat=True))
    return {f"contact.{row.key}": field_type(row, stages) for row in Field.objects.order_by("label")}


def field_type(row: Field, stages: tuple[str, ...]) -> FieldType:
    """What the catalog says of one field; `stages` are the lifecycle stages in their order."""
    allowed = tuple(str(value) for value in row.allowed_values)
    if row.key == "lifecycle_stage":
        allowed = stages
    elif row.type == Field.Type.CONSENT:
        allowed = ("granted", "denied")
    return FieldType(type=row.type, allowed=allowed, label=row.label)


def terms(at: datetime, *documents: Any) -> Terms:
    """What rules are asked by at an instant: the segments that they name, and how a score fades."""
    return Terms(at=at, segments=segment_rules.asked_by(*documents), half_life_days=scores.half_life_days())


def count(rule: Mapping[str, Any], *, at: datetime) -> int:
    """How many contacts the rule holds for. Raises `BadCondition`."""
    asked = where(rule, terms(at, rule))
    with _many_rows() as cursor:
        cursor.execute(f"SELECT count(*) FROM {TABLE} c WHERE {asked.member}", asked.values)  # noqa: S608
        return int(cursor.fetchone()[0])


def members(rule: Mapping[str, Any], *, at: datetime) -> Members:
    """How many, of how many, and a few of them. Raises `BadCondition`."""
    asked = where(rule, terms(at, rule))
    with _many_rows() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FILTER (WHERE {asked.member}), count(*), count(*) FILTER (WHERE NOT {asked.answerable})
            FROM {TABLE} c
            """,  # noqa: S608
            asked.values,
        )
        found, total, unanswered = cursor.fetchone()
        cursor.execute(
            f"SELECT c.id, c.email FROM {TABLE} c WHERE {asked.member} ORDER BY c.id DESC LIMIT {SAMPLE}",  # noqa: S608
            asked.values,
        )
        sample = tuple(Person(*row) for row in cursor.fetchall())
    return Members(count=found, total=total, unanswered=unanswered, sample=sample)


def change(*, before: Mapping[str, Any] | None, after: Mapping[str, Any], at: datetime) -> Change:
    """Who joins and who leaves when `after` takes the place of `before` (None: a new segment). By one query."""
    asked = terms(at, before, after)
    new = where(after, asked, prefix="a")
    old = where(before, asked, prefix="b") if before else None
    with _many_rows() as cursor:
        cursor.execute(
            f"""
            WITH judged AS (
                SELECT c.id, c.email, {old.member if old else "FALSE"} AS was, {new.member} AS is_now FROM {TABLE} c
            ), moved AS MATERIALIZED (
                SELECT id, email, was, is_now FROM judged WHERE was OR is_now
            )
            SELECT count(*) FILTER (WHERE was), count(*) FILTER (WHERE is_now),
                count(*) FILTER (WHERE is_now AND NOT was), count(*) FILTER (WHERE was AND NOT is_now),
                (SELECT json_agg(json_build_array(id, email)) FROM
                    (SELECT id, email FROM moved WHERE is_now AND NOT was ORDER BY id DESC LIMIT {SAMPLE}) AS newest),
                (SELECT json_agg(json_build_array(id, email)) FROM
                    (SELECT id, email FROM moved WHERE was AND NOT is_now ORDER BY id DESC LIMIT {SAMPLE}) AS newest)
            FROM moved
            """,  # noqa: S608
            {**new.values, **(old.values if old else {})},
        )
        was, is_now, joins, leaves, joining, leaving = cursor.fetchone()
    return Change(
        before=was,
        after=is_now,
        joins=joins,
        leaves=leaves,
        joining=tuple(Person(*row) for row in joining or ()),
        leaving=tuple(Person(*row) for row in leaving or ()),
    )


@contextmanager
def _many_rows() -> Iterator[CursorWrapper]:
    """A cursor for one question about all contacts: the one kind of query here that is worth several processes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 2")
        yield cursor
