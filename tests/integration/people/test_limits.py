"""Allowances are shared by every process and refill with time (FAULTS S18)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from martechops.people import limits
from martechops.people.models import RateLimit


@pytest.mark.django_db
def test_allowance_is_spent_then_refused_with_the_time_to_wait() -> None:
    limit = limits.Limit("test", burst=3, period_seconds=60)
    assert [limits.spend(limit, whom="ana") for _ in range(3)] == [0, 0, 0]
    # one call comes back every 60 / 3 = 20 seconds
    assert 19 <= limits.spend(limit, whom="ana") <= 20
    assert limits.spend(limit, whom="ben") == 0


@pytest.mark.django_db
def test_refused_calls_do_not_lengthen_the_wait() -> None:
    limit = limits.Limit("test", burst=1, period_seconds=60)
    limits.spend(limit, whom="ana")
    assert {limits.spend(limit, whom="ana") for _ in range(20)} <= {59, 60}


@pytest.mark.django_db
def test_allowance_refills_with_time() -> None:
    limit = limits.Limit("test", burst=2, period_seconds=0.2)
    assert [limits.spend(limit, whom="ana") for _ in range(2)] == [0, 0]
    time.sleep(0.25)
    assert limits.spend(limit, whom="ana") == 0


@pytest.mark.django_db
def test_success_gives_the_allowance_back() -> None:
    limit = limits.Limit("test", burst=1, period_seconds=60)
    limits.spend(limit, whom="ana")
    limits.restore(limit, whom="ana")
    assert limits.spend(limit, whom="ana") == 0


@pytest.mark.django_db
def test_table_does_not_say_whom_and_forgets_what_is_past() -> None:
    limits.spend(limits.Limit("test", burst=1, period_seconds=0.01), whom="ana@example.com")
    assert "ana" not in RateLimit.objects.get().key
    time.sleep(0.05)
    limits.forget_unspent()
    assert not RateLimit.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_parallel_callers_share_one_allowance() -> None:
    limit = limits.Limit("test", burst=7, period_seconds=600)

    def spend(_: int) -> int:
        try:
            return limits.spend(limit, whom="ana")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(spend, range(30))).count(0) == 7
