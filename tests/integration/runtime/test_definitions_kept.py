"""A worker keeps the definitions it has read, and sees every change of any of them."""

import re

import pytest
from django.db import connection, models
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from workflows.models import Source, Version
from workflows.queries import stamps
from workflows.runtime import definitions

#: A version that is live is frozen, and which one is live is asked; of definitions' versions those of segments are.
_BESIDES = {Version._meta.db_table, "workflows_definitionversion"}


def test_are_read_once_while_nothing_changes(demo: Source) -> None:
    definitions.load()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        definitions.load()
    assert len(queries) == 1


@pytest.mark.parametrize("model", stamps.DEFINED, ids=lambda model: model.__name__)
def test_are_read_again_when_a_row_changes_by_whatever_way(demo: Source, model: type[models.Model]) -> None:
    before = stamps.of_definitions()
    row = model._default_manager.first()
    if row is None:
        pytest.skip("the demo has none")
    key = model._meta.pk.attname
    model._default_manager.filter(pk=row.pk).update(**{key: F(key)})
    assert stamps.of_definitions() != before


def test_everything_that_is_read_is_watched(demo: Source) -> None:
    with CaptureQueriesContext(connection) as queries:
        definitions.read()
    read = {table for query in queries for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])}
    assert read - _BESIDES <= {model._meta.db_table for model in stamps.DEFINED}


def test_what_one_caller_adds_is_not_seen_by_the_next(demo: Source) -> None:
    version = next(iter(definitions.load().live.values()))[0]
    changed = definitions.load()
    changed.add(definitions.RunnableVersion(1, 0, 9, "x", version.spec))
    with pytest.raises(KeyError):
        definitions.load().version(0)
