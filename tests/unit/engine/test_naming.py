"""Names are parsed, made and explained by a convention's parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.naming import BadConvention, BadName, compile_convention

CAMPAIGN = [
    {"part": "year", "pattern": "20[0-9]{2}"},
    {"part": "quarter", "values": ["q1", "q2", "q3", "q4"]},
    {"part": "channel", "values": ["email", "ads", "ads-social", "event"]},
    {"part": "topic", "pattern": "[a-z0-9]+(?:-[a-z0-9]+)*"},
    {"part": "variant", "values": ["a", "b"], "optional": True},
]
campaign = compile_convention(CAMPAIGN)


@pytest.mark.requirement("C10")
def test_name_is_taken_apart() -> None:
    assert campaign.parse("2026_q4_ads-social_autumn-demo") == {
        "year": "2026",
        "quarter": "q4",
        "channel": "ads-social",
        "topic": "autumn-demo",
    }
    assert campaign.parse("2026_q4_email_demo_b") is not None


@pytest.mark.requirement("C10")
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("2026_q4_mail_demo", ["channel is mail; it may be email, ads, ads-social or event"]),
        (
            "26_Q4_email_demo",
            ["year is 26; it may be something like 20[0-9]{2}", "quarter is Q4; it may be q1, q2, q3 or q4"],
        ),
        ("2026_q4", ["channel is missing; it may be email, ads, ads-social or event", "topic is missing; it may be"]),
        ("2026_q4_email_demo_a_b", ["b is too much; a name is <year>_<quarter>_<channel>_<topic>_<variant>"]),
    ],
)
def test_what_is_wrong_with_a_name_is_told_part_by_part(name: str, says: list[str]) -> None:
    assert campaign.parse(name) is None
    wrong = [check.says for check in campaign.explain(name) if not check.holds]
    assert len(wrong) == len(says)
    assert all(told.startswith(start) for told, start in zip(wrong, says, strict=True))


def test_name_is_made_of_its_values() -> None:
    values = {"year": 2026, "quarter": "q4", "channel": "email", "topic": "demo"}
    assert campaign.render(values) == "2026_q4_email_demo"
    with pytest.raises(BadName, match=r"no part colour; channel is mail; .*; topic is missing"):
        campaign.render({"year": 2026, "quarter": "q4", "channel": "mail", "colour": "red"})


@given(
    st.fixed_dictionaries(
        {
            "year": st.integers(2000, 2099).map(str),
            "quarter": st.sampled_from(CAMPAIGN[1]["values"]),
            "channel": st.sampled_from(CAMPAIGN[2]["values"]),
            "topic": st.from_regex(r"\A[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,3}\Z"),
        },
        optional={"variant": st.sampled_from(["a", "b"])},
    )
)
def test_made_name_is_taken_apart_into_the_same_values(values: dict[str, str]) -> None:
    assert campaign.parse(campaign.render(values)) == values


def test_event_names_are_words() -> None:
    events = compile_convention(
        [
            {"part": "object", "pattern": "[A-Z][a-z]+(?: [A-Z][a-z]+)*"},
            {"part": "action", "values": ["Requested", "Viewed", "Booked"]},
        ],
        separator=" ",
    )
    assert events.parse("Pricing Page Viewed") == {"object": "Pricing Page", "action": "Viewed"}
    assert events.parse("demo_requested") is None


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([], "1 to 20 parts"),
        ("x", "1 to 20 parts"),
        (["x"], "must be a part"),
        ([{"part": "a"}], "either a pattern or values"),
        ([{"part": "a", "pattern": "x", "values": ["y"]}], "either a pattern or values"),
        ([{"pattern": "x"}], "needs a name"),
        ([{"part": "a", "pattern": "(?=x)x"}], "RE2"),
        ([{"part": "a", "pattern": "(x)"}], "captures a group"),
        ([{"part": "a", "pattern": "x*"}], "nothing at all"),
        ([{"part": "a", "values": [1]}], "list of texts"),
        ([{"part": "a", "pattern": "x"}, {"part": "a", "pattern": "y"}], "twice"),
        ([{"part": "a", "pattern": "x", "optional": True}, {"part": "b", "pattern": "y"}], "at the end"),
        ([{"part": "a", "pattern": "x", "optional": True}], "must be there"),
        ([{"part": "a", "pattern": "x", "regex": 1}], "has no regex"),
    ],
    ids=repr,
)
def test_convention_that_could_not_be_used_is_refused(parts: object, says: str) -> None:
    with pytest.raises(BadConvention, match=says):
        compile_convention(parts)


def test_pattern_bomb_ends_at_once() -> None:
    bomb = compile_convention([{"part": "a", "pattern": "(?:a+)+"}])
    assert bomb.parse("a" * 399 + "!") is None
