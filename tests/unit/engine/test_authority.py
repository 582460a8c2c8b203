"""Who may write a field, as a table: writers × fields."""

import pytest

from tests.unit.engine.stories import act, enter, step, workflow
from workflows.engine.authority import Allowed, Authority, Refused, Writer, consent_verdict, verdict

NAME = Authority("first_name", system="web-form", owner="marketing-ops", written_in=("capture",))
STAGE = Authority("lifecycle_stage", system="crm", owner="sales-ops", written_in=("enrich",))
FROZEN = Authority("tier", system="crm", owner="sales-ops", written_in=("enrich",), frozen=True)

FORM, CRM = Writer("system", "web-form"), Writer("system", "crm")
NOBODY = Writer("source", "old-site")
ENGAGE, ENRICH = Writer("step", "w", stage="engage"), Writer("step", "w", stage="enrich")
STAGELESS = Writer("step", "w")
EVENT = Writer("event-type", "event Demo Requested")
ANA = Writer("person", "ana", teams=frozenset({"marketing-ops"}))
SAL = Writer("person", "sal", teams=frozenset({"sales-ops"}))


@pytest.mark.requirement("C6")
@pytest.mark.requirement("C7")
@pytest.mark.requirement("C8")
@pytest.mark.requirement("I1")
@pytest.mark.parametrize(
    ("writer", "first_name", "lifecycle_stage", "frozen"),
    [
        (FORM, True, False, False),
        (CRM, False, True, True),
        (NOBODY, False, False, False),
        (ENGAGE, False, False, False),
        (ENRICH, False, True, False),
        (STAGELESS, False, False, False),
        (EVENT, False, True, False),
        (ANA, True, False, False),
        (SAL, False, True, False),
    ],
    ids=lambda value: f"{value.kind}-{value.stage or value.name}" if isinstance(value, Writer) else "",
)
def test_a_field_is_written_by_its_system_its_stages_and_its_team_only(
    writer: Writer, first_name: bool, lifecycle_stage: bool, frozen: bool
) -> None:
    for authority, allowed in ((NAME, first_name), (STAGE, lifecycle_stage), (FROZEN, frozen)):
        found = verdict(authority, name=authority.field, writer=writer)
        assert isinstance(found, Allowed) == allowed, found


def test_the_owner_can_be_asked_unless_the_field_is_frozen_or_unknown() -> None:
    assert verdict(NAME, name="first_name", writer=CRM) == Refused(
        "crm may not write first_name: it is maintained in web-form", may_ask=True
    )
    assert verdict(FROZEN, name="tier", writer=SAL) == Refused("tier is frozen: only crm writes it", may_ask=False)
    assert verdict(None, name="x", writer=CRM) == Refused("x is not in the field catalog", may_ask=False)


def test_a_withdrawal_of_consent_is_taken_from_anybody_and_a_grant_is_not() -> None:
    consent = Authority("consent.email", system="web-form", owner="email-team", written_in=("capture",))
    assert consent_verdict(consent, name="consent.email", state="denied", writer=NOBODY) == Allowed()
    assert isinstance(consent_verdict(consent, name="consent.email", state="granted", writer=NOBODY), Refused)
    assert consent_verdict(None, name="consent.sms", state="denied", writer=FORM) == Allowed()


@pytest.mark.requirement("C6")
def test_engagement_that_would_rewrite_what_enrichment_owns_is_withheld_and_asks() -> None:
    meddling = act("meddle", "set_stage", stage="mql") | {"stage": "engage"}
    after = act("mark", "set_field", field="hot", value=True, when={"contact.lifecycle_stage": "mql"})
    decision = enter(workflow(meddling, after), {"lifecycle_stage": "lead"})
    assert step(decision, "meddle").outcome == "withheld"
    assert step(decision, "meddle").says == "engage may not write lifecycle_stage: it is written in enrich"
    assert step(decision, "mark").outcome == "skipped"  # the steps after it see the value as it stayed
    assert decision.writes == ()
    assert [(r.step, r.field, r.value) for r in decision.requests] == [("meddle", "lifecycle_stage", "mql")]
    assert [effect.refusal for effect in decision.effects] == [step(decision, "meddle").says]
