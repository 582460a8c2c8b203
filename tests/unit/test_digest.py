"""Equal content has an equal digest, and what has no one spelling is refused."""

import doctest
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from martechops.lib import digest


def test_the_example_in_the_docstring_holds() -> None:
    assert doctest.testmod(digest).failed == 0


def test_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest.of({"a": 1, "b": {"c": 2, "d": 3}}) == digest.of({"b": {"d": 3, "c": 2}, "a": 1})


def test_digest_depends_on_the_order_of_a_list() -> None:
    assert digest.of([1, 2]) != digest.of([2, 1])


def test_digest_is_the_sha256_of_the_canonical_spelling() -> None:
    # RFC 8785, 3.2.2: shortest number, no white space, literal UTF-8.
    assert digest.canonical({"é": 4.50, "a": 1e21}) == '{"a":1e+21,"é":4.5}'.encode()
    assert digest.of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    "content",
    [
        float("nan"),
        float("inf"),
        2**53,
        "\ud800",
        {1: "key is no text"},
        {"\udc00": 1},
        datetime(2026, 1, 1, tzinfo=UTC),
        Decimal(1),
        {1, 2},
    ],
    ids=repr,
)
def test_what_has_no_one_spelling_is_refused(content: object) -> None:
    with pytest.raises(ValueError):
        digest.of(content)
