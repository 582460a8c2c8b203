"""One run, step by step: what each kind of step decides and what it leaves to explain it."""

from datetime import timedelta

import pytest

from workflows.engine.snapshot import Sent

from .stories import AT, act, enter, go_on, step, workflow

WELCOME = act(
    "welcome", "send_message", template="welcome", guards={"consent": "email", "require": ["contact.first_name"]}
)
WILLING = {"first_name": "Lea", "consent": {"email": "granted"}}


def test_step_whose_rule_does_not_hold_is_skipped_with_the_values() -> None:
    spec = workflow(act("stage", "set_stage", stage="mql", when={"contact.score": {"$gte": 50}}))
    decision = enter(spec, {"score": 12})
    assert (decision.state, decision.effects, step(decision, "stage").outcome) == ("done", (), "skipped")
    assert step(decision, "stage").checks[0].actual == 12


def test_record_is_upserted_with_mapped_fields_and_the_status_of_the_stage() -> None:
    decision = enter(
        workflow(act("upsert", "upsert_record", mapping="to-crm")), {"company": " B  W ", "lifecycle_stage": "mql"}
    )
    assert decision.effects[0].payload == {"email": "lea@example.com", "fields": {"company": "B W", "status": "MQL"}}


def test_record_without_a_required_field_is_withheld() -> None:
    decision = enter(workflow(act("upsert", "upsert_record", mapping="to-crm")), {})
    assert decision.effects[0].refusal == "company is missing"


def test_value_of_the_wrong_type_is_left_out_and_said() -> None:
    decision = enter(workflow(act("upsert", "upsert_record", mapping="to-crm")), {"company": "B", "size": "many"})
    assert decision.effects[0].payload["fields"] == {"company": "B"}
    assert "size 'many' is not a number" in step(decision, "upsert").says


@pytest.mark.requirement("D4")
@pytest.mark.parametrize(
    ("contact", "why"),
    [
        ({"consent": {"email": "granted"}}, "contact.first_name is missing"),
        ({"first_name": "Lea"}, "consent for email was never given"),
        ({"first_name": "Lea", "consent": {"email": "denied"}}, "consent for email is denied"),
        ({}, "contact.first_name is missing; consent for email was never given"),
        (WILLING | {"email": None}, "there is no e-mail address"),
    ],
)
def test_message_is_withheld_with_every_reason(contact: dict[str, object], why: str) -> None:
    decision = enter(workflow(WELCOME), contact)
    assert decision.effects[0].refusal == why
    assert step(decision, "welcome").outcome == "withheld"


@pytest.mark.requirement("D6")
def test_message_that_was_sent_once_is_not_sent_again() -> None:
    spec = workflow(act("welcome", "send_message", template="welcome", guards={"once_per": "contact"}))
    first = enter(spec, WILLING).effects[0]
    assert first.refusal is None
    again = enter(spec, WILLING, sent=(Sent("email", AT, first.once_key),)).effects[0]
    assert again.refusal == "it was already sent to this contact, on 2026-11-20 15:00 UTC"


@pytest.mark.requirement("D3")
def test_limit_counts_messages_of_the_channel_in_the_span_and_those_of_the_same_run() -> None:
    limit = {"limit": {"at_most": 2, "per": "7 days"}}
    spec = workflow(
        act("one", "send_message", template="welcome", guards=limit),
        act("two", "send_message", template="second", guards=limit),
    )
    old = Sent("email", AT - timedelta(days=8))
    recent = Sent("email", AT - timedelta(days=6))
    # old is outside the span: recent and one are two, so two is the third and withheld
    decision = enter(spec, WILLING, sent=(old, recent))
    assert [effect.refusal for effect in decision.effects] == [None, "2 of at most 2 messages by email in 7 days"]


def test_stage_moves_forward_with_the_record_and_later_steps_see_it() -> None:
    spec = workflow(
        act("stage", "set_stage", stage="mql"),
        act("mark", "set_field", field="hot", value=True, when={"contact.lifecycle_stage": "mql"}),
    )
    decision = enter(spec, {"lifecycle_stage": "lead"})
    assert [(write.field, write.old, write.new) for write in decision.writes] == [
        ("lifecycle_stage", "lead", "mql"),
        ("hot", None, True),
    ]
    assert decision.effects[0].payload["fields"] == {"status": "MQL"}


@pytest.mark.parametrize(("backwards", "becomes"), [(False, None), (True, "mql")])
def test_stage_moves_backwards_only_where_the_step_says_so(backwards: bool, becomes: str | None) -> None:
    spec = workflow(act("stage", "set_stage", stage="mql", backwards=backwards))
    decision = enter(spec, {"lifecycle_stage": "sql"})
    assert [write.new for write in decision.writes] == ([becomes] if becomes else [])


def test_wait_ends_the_turn_with_its_instant_and_the_event_that_would_end_it() -> None:
    spec = workflow(
        {"key": "pause", "wait": {"for": "2 days", "until": {"event": "Booked"}}},
        act("mark", "set_field", field="hot", value=True),
    )
    decision = enter(spec, {})
    assert (decision.state, decision.step, decision.due_at, decision.waits_for) == (
        "waiting",
        "pause",
        AT + timedelta(days=2),
        "Booked",
    )
    assert decision.writes == ()
    for event, says in ((None, "its time is over"), ("Booked", "Booked happened")):
        woken = go_on(spec, {}, waiting_at="pause", event=event)
        assert (woken.state, woken.trace[0].says, len(woken.writes)) == ("done", says, 1)


def test_choose_takes_the_first_way_that_holds_and_leaves_out_what_lies_between() -> None:
    spec = workflow(
        {
            "key": "route",
            "choose": [
                {"when": {"contact.size": {"$gt": 200}}, "go": "big"},
                {"when": {"contact.size": {"$gt": 50}}, "go": "small"},
                {"else": "end"},
            ],
        },
        act("small", "set_field", field="team", value="growth"),
        act("big", "set_field", field="tier", value=1),
    )
    assert [w.field for w in enter(spec, {"size": 300}).writes] == ["tier"]
    assert [w.field for w in enter(spec, {"size": 100}).writes] == ["team", "tier"]
    assert enter(spec, {"size": 5}).writes == ()


def test_stop_ends_the_run_with_its_reason() -> None:
    spec = workflow(
        {"key": "halt", "stop": "no consent", "when": {"contact.consent.email": {"$ne": "granted"}}}, WELCOME
    )
    assert (enter(spec, {}).state, enter(spec, {}).reason) == ("stopped", "no consent")
    assert enter(spec, WILLING).state == "done"


def test_rule_without_an_answer_fails_the_run_visibly() -> None:
    spec = workflow(act("stage", "set_stage", stage="mql", when={"contact.score": {"$gte": 50}}))
    decision = enter(spec, {"score": "many"})
    assert decision.state == "failed"
    assert (
        decision.reason == "the rule of step stage cannot be answered: contact.score: many cannot be compared with 50"
    )
    assert step(decision, "stage").checks[0].actual == "many"


@pytest.mark.requirement("D8")
def test_same_decision_taken_twice_names_the_same_effects() -> None:
    spec = workflow(WELCOME, act("task", "create_task", queue="q", title="Call"))
    first, second = enter(spec, WILLING), enter(spec, WILLING)
    assert first == second
    assert len({effect.key for effect in first.effects}) == 2


def test_task_is_due_on_the_next_working_day() -> None:
    decision = enter(workflow(act("task", "create_task", queue="q", title="Call", due="1 business day")), WILLING)
    assert decision.effects[0].payload["due_at"] == "2026-11-23T15:00:00+00:00"  # Friday to Monday


def test_conversion_counts_for_the_campaign_of_the_contact() -> None:
    decision = enter(workflow(act("count", "record_conversion", name="Booked")), {"utm_campaign": "autumn"})
    assert [(goal.name, goal.campaign, goal.at) for goal in decision.goals] == [("Booked", "autumn", AT)]


def test_contact_that_was_handed_in_is_left_as_it_was() -> None:
    contact = {"lifecycle_stage": "lead"}
    enter(workflow(act("stage", "set_stage", stage="mql")), contact)
    assert contact == {"lifecycle_stage": "lead"}
