"""Where each definition of the demo is used."""

from collections.abc import Callable

import pytest
from django.test import Client

from martechops.people.models import User
from workflows.models import Metric
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
        ("metric", "conversions", "Workflow Demo request to nurture, live v1", "success["),
        ("metric", "leads", "Metric Cost per lead", "formula.metrics.leads"),
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


def test_report_of_a_metric_is_a_use_of_it(demo: None) -> None:
    step = {"key": "send", "action": "distribute_report", "with": {"report": "mql", "to": ["ana@example.com"]}}
    fresh = {"key": "fresh", "action": "refresh_reports", "with": {"reports": ["mql", "health"]}}
    holder = uses.Holder("workflow", "w", "Workflow W", "/workflows/w/", {"kind": "workflow", "steps": [fresh, step]})
    found = uses.of("metric", "mql", among=[holder])
    assert [use.where for use in found] == ["step fresh, with.reports[0]", "step send, with.report"]


def test_definition_that_something_refers_to_is_not_deleted_in_the_admin(demo: None, client: Client) -> None:
    client.force_login(User.objects.get(username="admin"))
    used = Metric.objects.get(key="conversions")
    address = f"/admin/workflows/metric/{used.pk}/delete/"
    client.post(address, {"post": "yes"})
    says = client.get(address).content.decode()
    assert Metric.objects.filter(pk=used.pk).exists()
    assert "Demo request to nurture, live v1</a>, success[" in says
    assert "take it out there first" in says


def test_definition_that_nothing_refers_to_any_more_can_be_deleted(demo: None, client: Client) -> None:
    client.force_login(User.objects.get(username="admin"))
    first, then = Metric.objects.get(key="cost-per-lead"), Metric.objects.get(key="campaign-cost")
    for row, is_gone in ((then, False), (first, True), (then, True)):
        client.post(f"/admin/workflows/metric/{row.pk}/delete/", {"post": "yes"})
        assert Metric.objects.filter(pk=row.pk).exists() is not is_gone
