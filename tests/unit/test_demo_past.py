"""The demo's weeks before today: in order, over before today begins, and more on days on which people work."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from campaigns.demo import past

UNTIL = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def test_the_same_seed_lives_through_the_same_weeks() -> None:
    assert list(past.happenings(until=UNTIL, seed=2)) == list(past.happenings(until=UNTIL, seed=2))
    assert list(past.happenings(until=UNTIL, seed=2)) != list(past.happenings(until=UNTIL, seed=3))


def test_everything_comes_in_its_order_and_before_today() -> None:
    lived = list(past.happenings(until=UNTIL, seed=2))
    instants = [one.at for one in lived]
    assert len(instants) == past.MESSAGES
    assert instants == sorted(instants)
    assert UNTIL - timedelta(days=past.DAYS) <= instants[0]
    assert instants[-1] < UNTIL
    assert all(
        datetime.fromisoformat(one.body["timestamp"]) == one.at.replace(microsecond=one.at.microsecond // 1000 * 1000)
        for one in lived
    )


def test_weekends_are_quiet() -> None:
    days = Counter(one.at.weekday() for one in past.happenings(until=UNTIL, seed=2))
    assert 4 * (days[5] + days[6]) / 2 < sum(days[day] for day in range(5)) / 5 * 3
