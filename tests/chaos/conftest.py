"""`installation`: the whole product as processes, with the demo workspace and nobody's events in it yet."""

from collections.abc import Iterator

import pytest

from tests.installations import Installation, running


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """PostgreSQL, web, two workers and beat under the supervisor; shared by the tests of a module."""
    with running(tmp_path_factory.mktemp("installation"), "--empty") as started:
        started.manage("load_demo")
        yield started
