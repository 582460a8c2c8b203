"""Names that people would take for each other are found (requirement F4)."""

import pytest

from workflows.engine.sameness import Seen, near_names, same_meanings, two_uses


@pytest.mark.requirement("F4")
@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Demo Requested", "demo_requested", "case or spacing"),
        ("DemoRequested", "demo-requested", "case or spacing"),
        ("Demo Requested", "Demo Request", "tense"),
        ("Trial Started", "Trial Starting", "tense"),
        ("Webinars Attended", "Webinar Attended", "tense"),
        ("Demo Requested", "Demo Reqested", "a letter"),
        ("Meeting Booked", "Meeting Bokoed", "a letter"),
        ("Demo Requested", "Requested Demo", "order of words"),
    ],
)
def test_near_name_is_found_with_what_is_near_about_it(one: str, other: str, why: str) -> None:
    pairs = near_names([one, "Purchase Completed", other])
    assert [(pair.one, pair.other) for pair in pairs] == [(one, other)]
    assert why in pairs[0].why


@pytest.mark.requirement("F4")
def test_names_that_differ_in_earnest_are_left_alone() -> None:
    names = ["Demo Requested", "Demo Viewed", "Step 1 Done", "Step 2 Done", "Unsubscribed", "Resubscribed", "Opened"]
    assert near_names(names) == []


@pytest.mark.requirement("F4")
def test_one_name_with_two_sets_of_properties_is_found_with_who_sends_it() -> None:
    seen = [
        Seen("Signed Up", "Web site", frozenset({"plan", "email", "seats"}), 50),
        Seen("Signed Up", "Web site", frozenset({"plan", "email"}), 9),
        Seen("Signed Up", "Webinar tool", frozenset({"webinar_id", "room"}), 20),
        Seen("Paid", "Shop", frozenset({"value", "currency"}), 5),
        Seen("Paid", "Shop", frozenset({"value", "currency", "coupon"}), 5),
    ]
    (found,) = two_uses(seen)
    assert found.name == "Signed Up"
    assert found.ways == (
        (("email", "plan", "seats"), 59, ("Web site",)),
        (("room", "webinar_id"), 20, ("Webinar tool",)),
    )


@pytest.mark.requirement("F4")
def test_one_meaning_under_two_names_is_found() -> None:
    pairs = same_meanings(
        {
            "Demo Requested": "Somebody asked for a demo by a form on the web site.",
            "Demo Form Sent": "Somebody asks for a demo with the form on our web site.",
            "Trial Started": "A free trial of the product began.",
        }
    )
    assert [(pair.one, pair.other) for pair in pairs] == [("Demo Requested", "Demo Form Sent")]
