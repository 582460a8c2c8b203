"""Where each definition of the demo is used."""

from collections.abc import Callable

import pytest

from workflows.queries import uses


@pytest.mark.requirement("F2")
@pytest.mark.parametrize(
    ("kind", "key", "holder", "where"),
    [
        ("field", "company_size", "Workflow Demo request to nurture, live v1", "step route, choose[0]"),
        ("field", "first_name", "Message template Welcome after a demo request", "subject"),
        ("field", "first_name", "Mapping Web form to contact", "rows[0].to"),
        ("system", "crm", "Workflow Demo request to nurture, live v1", "step qualify, system"),
        ("system", "web-form", "Source Demo web site", "system"),
        ("mapping", "web-form-to-contact", "Source Demo web site", "mapping"),
        ("template", "demo-welcome", "Workflow Demo request to nurture, live v1", "step welcome, with.template"),
        ("event-type", "Meeting Booked", "Workflow Demo request to nurture, live v1", "step pause, wait.until.event"),
        ("stage", "customer", "Event type Purchase Completed", "stage_effect"),
        ("stage", "sql", "Workflow Demo request to nurture, live v1", "step count-conversion, when"),
        ("team", "analytics", "Event type Demo Requested", "consumers[0]"),
    ],
)
def test_a_use_is_found_with_its_place(demo: None, kind: str, key: str, holder: str, where: str) -> None:
    places = {(use.label, use.where[: len(where)]) for use in uses.of(kind, key)}
    assert (holder, where) in places


def test_finding_uses_takes_few_queries(demo: None, django_assert_max_num_queries: Callable) -> None:
    with django_assert_max_num_queries(7):
        assert uses.of("field", "email")


def test_a_definition_is_no_use_of_itself(demo: None) -> None:
    assert all(use.holder.kind != "event-type" for use in uses.of("event-type", "Demo Requested"))
    assert uses.of("field", "nowhere") == []
