"""`installation`: the whole product as processes, with the demo workspace and nobody's events in it yet."""

from collections.abc import Iterator

import pytest

from tests.installations import Installation, running


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """PostgreSQL, web, two workers and beat under the supervisor; shared: count your own contacts only."""
    with running(tmp_path_factory.mktemp("installation"), "--empty") as started:
        started.manage("load_demo")
        yield started
