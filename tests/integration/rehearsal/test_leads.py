"""Leads that are made up come to every step of the demo's workflows that a lead can come to."""

import pytest

from workflows.models import Activation, Source
from workflows.queries import specs
from workflows.rehearsal import candidates, leads

from .conftest import AT


def test_every_sending_and_routing_step_of_the_demo_is_reached(demo: Source) -> None:
    said = {}
    reached = set()
    for activation in Activation.objects.filter(until=None).select_related("version"):
        spec = specs.of(activation.version).spec
        if spec is None or spec.subject != "contact" or spec.trigger.kind == "schedule":
            continue
        defined = candidates.alone(activation.version)
        for step in spec.steps:
            if step.kind == "act":
                attempt = leads.willing(spec, step.key, defined=defined, vocabulary=leads.vocabulary(), at=AT)
                reached.add((spec.key, step.key))
                if attempt.says:
                    said[spec.key, step.key] = attempt.says
    assert said == {}
    assert ("demo-request-nurture", "assign-owner") in reached


@pytest.mark.requirement("E4")
def test_the_same_lead_without_consent_gets_no_message(demo: Source) -> None:
    version = Activation.objects.get(until=None, workflow__key="demo-request-nurture").version
    spec, defined = specs.of(version).spec, candidates.alone(version)
    assert spec is not None
    with_consent = leads.willing(spec, "welcome", defined=defined, vocabulary=leads.vocabulary(), at=AT)
    assert [one.state for one in with_consent.played.of(spec.key, "welcome")] == ["done"]
    for state in (None, "denied"):
        played = leads.play(with_consent.lead.without_consent("email", state), spec=spec, defined=defined, at=AT)
        assert [one.state for one in played.of(spec.key, "welcome")] == ["suppressed"]
