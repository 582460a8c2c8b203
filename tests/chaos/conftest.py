"""One installation for all chaos tests of a run, furnished for campaigns; `fought` is what the short campaign left."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.chaos.campaign import Field, Outcome, Size, counted, field_of

SHORT = Size(people=120, seed=7, workers=2, backlog=60)
#: A part is ended twice in a round at most, so that it is started again at once.
ROUNDS = (
    ("ingest.storing", "advance.held", "deliver.reserving"),
    ("ingest.stored", "advance.taken", "deliver.reserved"),
    ("web", "advance.written", "deliver.calling"),
    ("beat", "advance.committed", "deliver.called"),
    ("worker", "deliver.recording", "deliver.answered"),
    ("postgres", "deliver.recorded"),
)


@pytest.fixture(scope="package")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """PostgreSQL, web, two workers and beat under the supervisor, with a workflow, and a sink beside them."""
    with field_of(tmp_path_factory.mktemp("field"), SHORT) as entered:
        yield entered


@pytest.fixture(scope="package")
def fought(field: Field) -> Outcome:
    """A kill at each place, of web, of beat, of a worker anywhere and of the database; then all was counted."""
    field.fight_at_each_place(ROUNDS)
    field.come_to_rest(seconds=300)
    return counted(field)


@pytest.fixture
def calm(field: Field, fought: Outcome) -> Iterator[tuple[Field, "psycopg.Connection[tuple[object, ...]]"]]:
    """The same installation after the campaign, with nobody about to end it, and a session on its database."""
    del fought
    with psycopg.connect(field.installation.conninfo, autocommit=True) as database:
        yield field, database
