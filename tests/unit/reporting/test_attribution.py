"""Attribution models: against a public data set, against their definitions, and what holds for every one of them."""

import csv
import gzip
import itertools
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.attribution import DIRECT, MODELS, MODELS_BY_KEY, Credit, Journey, Model, Touch, markov
from reporting.attribution.journey import path

_FILE = Path(__file__).parents[2] / "fixtures" / "attribution" / "paths.csv.gz"
BY_TOUCH = [model for model in MODELS if model.shares]

touches = st.builds(Touch, st.sampled_from(["ads", "email", "search", DIRECT]), st.floats(0, 90))
journeys = st.builds(
    Journey,
    st.lists(touches, min_size=1, max_size=6).map(tuple),
    conversions=st.integers(0, 9).map(float),
    value=st.integers(0, 900).map(float),
    lost=st.integers(0, 9).map(float),
    lead=st.just(0),
)


@cache
def public_journeys() -> tuple[Journey, ...]:
    with gzip.open(_FILE, "rt") as lines:
        return tuple(
            path(
                row["path"],
                conversions=float(row["total_conversions"]),
                value=float(row["total_conversion_value"]),
                lost=float(row["total_null"]),
            )
            for row in csv.DictReader(lines)
        )


def credit_of(key: str, ways: tuple[Journey, ...]) -> Mapping[str, Credit]:
    return MODELS_BY_KEY[key].credit(ways)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("first", {"alpha": 6308, "beta": 2831, "iota": 4606}),
        ("last", {"alpha": 8447, "beta": 989, "iota": 3355}),
        ("linear", {"alpha": 7574.718594, "eta": 3539.951157, "iota": 3857.096221, "beta": 2083.500145}),
    ],
)
def test_public_journeys_give_the_published_figures(key: str, expected: dict[str, float]) -> None:
    credit = credit_of(key, public_journeys())
    assert {channel: credit[channel].conversions for channel in expected} == pytest.approx(expected, abs=1e-6)


def test_markov_agrees_with_an_outside_simulation_within_its_convergence() -> None:
    assert credit_of("markov", public_journeys())["alpha"].conversions == pytest.approx(5289, rel=0.035)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.key)
def test_every_public_conversion_and_all_its_worth_is_given_once(model: Model) -> None:
    credit = model.credit(public_journeys())
    assert len(credit) <= 12
    assert sum(owed.conversions for owed in credit.values()) == pytest.approx(19785, abs=1e-6)
    assert sum(owed.value for owed in credit.values()) == pytest.approx(74802.97, abs=0.005)


@pytest.mark.parametrize("model", BY_TOUCH, ids=lambda model: model.key)
@given(journey=journeys)
@settings(max_examples=40, deadline=None)
def test_parts_of_a_journey_are_a_whole(model: Model, journey: Journey) -> None:
    assert model.shares is not None
    shares = model.shares(journey)
    assert len(shares) == len(journey.touches)
    assert min(shares) >= 0
    assert math.isclose(sum(shares), 1)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.key)
def test_a_journey_by_one_channel_owes_it_everything(model: Model) -> None:
    [(channel, owed)] = model.credit([path("ads > ads", conversions=3, value=60, lost=2)]).items()
    assert channel == "ads"
    assert (owed.conversions, owed.value) == pytest.approx((3, 60))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.key)
def test_where_nothing_was_converted_nobody_is_owed_anything(model: Model) -> None:
    for ways in ([], [path("ads > email", conversions=0, lost=5)], [Journey((), conversions=4)]):
        assert sum(owed.conversions for owed in model.credit(ways).values()) == 0


@given(ways=st.lists(journeys, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_removal_effect_is_what_walks_without_the_channel_lose(ways: list[Journey]) -> None:
    """By definition: the chain once more for each channel, with all ways into it lost; walked until nothing is left."""
    effects = markov.removal_effects(ways)
    whole = _converting(ways, without=None)
    for channel, effect in effects.items():
        lost = 1 - _converting(ways, without=channel) / whole if whole else 0.0
        assert effect == pytest.approx(lost, abs=1e-6)


def _converting(ways: list[Journey], *, without: str | None) -> float:
    """The chance that a walk converts, step by step."""
    counts: dict[str, dict[str, float]] = {}
    for way in ways:
        steps = ["(start)", *way.channels]
        for here, there in itertools.pairwise(steps):
            counts.setdefault(here, {})[there] = counts.get(here, {}).get(there, 0) + way.conversions + way.lost
        last = counts.setdefault(steps[-1], {})
        last["(won)"] = last.get("(won)", 0) + way.conversions
        last["(lost)"] = last.get("(lost)", 0) + way.lost
    walking, won = {"(start)": 1.0}, 0.0
    for _ in range(4000):
        following: dict[str, float] = {}
        for here, chance in walking.items():
            total = sum(counts.get(here, {}).values())
            for there, count in counts.get(here, {}).items():
                if total and there != without:
                    following[there] = following.get(there, 0) + chance * count / total
        won += following.pop("(won)", 0.0)
        following.pop("(lost)", None)
        walking = {place: chance for place, chance in following.items() if chance > 1e-15}
        if not walking:
            break
    return won


@given(ways=st.lists(journeys, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_shapley_value_is_the_average_over_every_order_of_joining(ways: list[Journey]) -> None:
    players = sorted({channel for way in ways for channel in way.channels})
    orders = list(itertools.permutations(players))
    expected = dict.fromkeys(players, 0.0)
    for order in orders:
        for place, player in enumerate(order):
            expected[player] += (_worth(ways, order[: place + 1]) - _worth(ways, order[:place])) / len(orders)
    credit = credit_of("shapley", tuple(ways))
    found = {player: credit[player].conversions if player in credit else 0.0 for player in players}
    assert found == pytest.approx(expected, abs=1e-9)


def _worth(ways: list[Journey], channels: tuple[str, ...]) -> float:
    return sum(way.conversions for way in ways if set(way.channels) <= set(channels))


def test_window_forgets_touches_and_with_them_the_one_that_made_the_lead() -> None:
    way = Journey((Touch("ads", 60), Touch("email", 20), Touch("search", 1)), lead=0)
    assert way.within(30) == Journey((Touch("email", 20), Touch("search", 1)), lead=None)
    assert way.within(60) == way


def test_every_model_says_what_it_does_and_where_it_comes_from() -> None:
    assert len({model.key for model in MODELS}) == len(MODELS) == 9
    assert all(model.name and model.says.endswith(".") and model.source for model in MODELS)
