"""A worker keeps the definitions it has read, and sees every change of any of them."""

import re

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from workflows.models import Source, Version
from workflows.queries import stamps
from workflows.runtime import definitions

#: A version that is live is frozen, and which one is live is asked; of definitions' versions those of segments are.
_BESIDES = {Version._meta.db_table, "workflows_definitionversion"}


def test_are_read_once_while_nothing_changes(demo: Source) -> None:
    definitions.load()
    with CaptureQueriesContext(connection) as queries:
        definitions.load()
    assert len(queries) == 1


def test_are_read_again_when_a_row_changes_by_whatever_way(demo: Source) -> None:
    unseen = []
    for model in stamps.DEFINED:
        key = model._meta.pk.attname
        before = stamps.of_definitions()
        changed = model._default_manager.filter(pk=model._default_manager.values("pk")[:1]).update(**{key: F(key)})
        if changed and stamps.of_definitions() == before:
            unseen.append(model.__name__)
    assert not unseen


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
