"""What may be put back: what still is what was written, to what it held before, however often it was written."""

from typing import Any

import pytest

from workflows.engine.ours import Left, Restorable, Written, judge


def history(*entries: tuple[str, Any, Any]) -> list[Written]:
    """(writer, old, new), oldest first; `us` is whose writing is to be undone."""
    return [Written(writer, old, new, ours=writer == "us") for writer, old, new in entries]


@pytest.mark.parametrize(
    ("entries", "now", "expected"),
    [
        ([("us", "lead", "mql")], "mql", Restorable("lead", "mql")),
        ([("us", None, "mql")], "mql", Restorable(None, "mql")),
        ([("us", "lead", "mql"), ("us", "mql", "sql")], "sql", Restorable("lead", "sql")),
        ([("us", "lead", "mql"), ("Sal", "mql", "lead"), ("us", "lead", "sql")], "sql", Restorable("lead", "sql")),
        ([("Sal", "new", "lead"), ("us", "lead", "sql")], "sql", Restorable("lead", "sql")),
        ([("us", "lead", "mql"), ("crm", "mql", "sql")], "sql", Left("crm has written sql since")),
        ([("us", "lead", "mql"), ("crm", "mql", None)], None, Left("crm has written nothing since")),
        ([("us", "lead", "mql"), ("repair-1", "mql", "lead")], "lead", Left("repair-1 has written lead since")),
        ([("us", "lead", "mql")], "sql", Left("it holds sql, which is not what was written")),
        ([("us", "lead", "mql"), ("us", "mql", "lead")], "lead", Left("it holds what it held before")),
        ([("crm", "lead", "mql")], "mql", Left("nothing of it was written by this version")),
        ([], "mql", Left("nothing of it was written by this version")),
    ],
)
def test_only_what_is_still_ours_is_put_back(
    entries: list[tuple[str, Any, Any]], now: Any, expected: Restorable | Left
) -> None:
    assert judge(history(*entries), now=now) == expected
