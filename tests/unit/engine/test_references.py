"""Everything that one document says of others is found, with its place, and can be said anew."""

import pytest

from workflows.engine.references import references, renamed, words

WORKFLOW = {
    "kind": "workflow",
    "owner": "marketing-ops",
    "trigger": {"event": "Demo Requested", "where": {"event.properties.country": "Germany"}},
    "entry": {"when": {"$not": {"contact.country": {"$nin": ["Germany", "France"]}}}},
    "success": [{"says": "fast", "from": {"event": "Demo Requested"}}],
    "steps": [
        {"key": "a", "action": "set_stage", "with": {"stage": "mql"}, "when": {"contact.lifecycle_stage": "lead"}},
        {"key": "b", "action": "send_message", "with": {"template": "hello"}, "guards": {"consent": "email"}},
        {"key": "c", "wait": {"for": "1 day", "until": {"event": "Meeting Booked"}}},
        {"key": "d", "choose": [{"when": {"$or": [{"contact.country": "Germany"}]}, "go": "e"}, {"else": "end"}]},
        {"key": "e", "action": "set_field", "with": {"field": "country", "value": "Germany"}},
        {"key": "f", "action": "create_task", "with": {"title": "Call {{ contact.first_name }}", "queue": "q"}},
    ],
}


def found(document: dict) -> set[tuple[str, str, str]]:
    return {(ref.kind, ref.key, words(ref.path)) for ref in references(document)}


def test_a_workflow_names_events_fields_values_stages_and_templates() -> None:
    assert found(WORKFLOW) >= {
        ("event-type", "Demo Requested", "trigger.event"),
        ("event-type", "Demo Requested", "success[0].from.event"),
        ("event-type", "Meeting Booked", "steps[2].wait.until.event"),
        ("event-property", "country", "trigger.where.event.properties.country"),
        ("value:country", "Germany", "entry.when.$not.contact.country.$nin[0]"),
        ("value:country", "Germany", "steps[3].choose[0].when.$or[0].contact.country"),
        ("value:country", "Germany", "steps[4].with.value"),
        ("field", "country", "steps[4].with.field"),
        ("field", "consent.email", "steps[1].guards.consent"),
        ("field", "first_name", "steps[5].with.title"),
        ("stage", "mql", "steps[0].with.stage"),
        ("stage", "lead", "steps[0].when.contact.lifecycle_stage"),
        ("template", "hello", "steps[1].with.template"),
        ("team", "marketing-ops", "owner"),
    }


@pytest.mark.requirement("I2")
@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("event-type", "Demo Requested", "Demo Asked"),
        ("event-type", "Meeting Booked", "Meeting Agreed"),
        ("value:country", "Germany", "Deutschland"),
        ("stage", "lead", "prospect"),
    ],
)
def test_after_a_rename_nothing_refers_to_the_old_name(kind: str, old: str, new: str) -> None:
    changed = renamed(WORKFLOW, {(kind, old): new})
    assert old not in {ref.key for ref in references(changed) if ref.kind == kind}
    assert len([ref for ref in references(changed) if ref.key == new]) == len(
        [ref for ref in references(WORKFLOW) if (ref.kind, ref.key) == (kind, old)]
    )


def test_a_rename_touches_a_message_only_where_it_compares_with_the_value() -> None:
    template = {
        "kind": "template",
        "subject": "Germany",
        "body": "In Germany {% if contact.country == 'Germany' %}{{ contact.city }}{% endif %}",
    }
    changed = renamed(template, {("value:country", "Germany"): "Deutschland"})
    assert changed["subject"] == "Germany"
    assert changed["body"] == "In Germany {% if contact.country == 'Deutschland' %}{{ contact.city }}{% endif %}"


def test_a_mapping_row_names_the_field_of_the_contact_and_not_that_of_the_far_side() -> None:
    rows = [
        {"from": "event.properties.land", "to": "country", "allowed": ["Germany"]},
        {"from": "contact.company", "to": "account_name"},
    ]
    assert found({"kind": "mapping", "owner": "ops", "rows": rows}) == {
        ("team", "ops", "owner"),
        ("event-property", "land", "rows[0].from"),
        ("field", "country", "rows[0].to"),
        ("value:country", "Germany", "rows[0].allowed[0]"),
        ("field", "company", "rows[1].from"),
    }


EVERYTHING = {
    "kind": "workflow",
    "trigger": {"stage": ["mql", "sql"], "where": {"$or": [{"event.properties.from": {"$in": ["lead"]}}]}},
    "entry": {"key": ["contact", "contact.company"], "when": {"$not": {"segment": "hot"}}},
    "success": [{"says": "won", "from": "entry", "to": {"stage": "customer"}}],
    "steps": [
        {"key": "a", "wait": {"for": "1 day", "until": {"event": "Booked", "where": {"event.properties.plan": "pro"}}}},
        {"key": "b", "wait": {"until": {"date": "contact.renewal_on", "before": "3 days"}}},
        {"key": "c", "choose": [{"when": {"$and": [{"segment": "big"}]}, "go": "d"}, {"else": "end"}]},
        {"key": "d", "approve": {"team": "legal", "within": "1 day"}},
        {"key": "e", "handoff": {"to": "sales", "payload": ["contact.phone"]}},
        {
            "key": "f",
            "action": "send_message",
            "with": {"template": "hello"},
            "guards": {"consent": {"channel": "email", "purpose": "news"}, "approval": "brand"},
        },
        {"key": "g", "action": "normalise_fields", "with": {"fields": ["industry"]}},
        {"key": "h", "action": "record_conversion", "with": {"name": "won", "value": "contact.deal_size"}},
        {"key": "i", "action": "call_webhook", "with": {"body": {"who": "{{ contact.first_name }}"}}},
    ],
}


def test_the_whole_format_of_workflows_is_read() -> None:
    assert found(EVERYTHING) >= {
        ("stage", "mql", "trigger.stage[0]"),
        ("stage", "sql", "trigger.stage[1]"),
        ("stage", "lead", "trigger.where.$or[0].event.properties.from.$in[0]"),
        ("field", "company", "entry.key[1]"),
        ("segment", "hot", "entry.when.$not.segment"),
        ("stage", "customer", "success[0].to.stage"),
        ("value:plan", "pro", "steps[0].wait.until.where.event.properties.plan"),
        ("field", "renewal_on", "steps[1].wait.until.date"),
        ("segment", "big", "steps[2].choose[0].when.$and[0].segment"),
        ("team", "legal", "steps[3].approve.team"),
        ("team", "sales", "steps[4].handoff.to"),
        ("field", "phone", "steps[4].handoff.payload[0]"),
        ("field", "consent.email", "steps[5].guards.consent.channel"),
        ("team", "brand", "steps[5].guards.approval"),
        ("field", "industry", "steps[6].with.fields[0]"),
        ("field", "deal_size", "steps[7].with.value"),
        ("field", "first_name", "steps[8].with.body.who"),
    }


@pytest.mark.parametrize(
    ("trigger", "kind", "key"),
    [
        ({"segment": "hot", "on": "leave"}, "segment", "hot"),
        ({"schedule": "0 9 * * mon-fri", "segment": "hot"}, "segment", "hot"),
        ({"field": "country"}, "field", "country"),
        ({"field": "country", "where": {"event.properties.to": "Germany"}}, "value:country", "Germany"),
        ({"handoff": "sales"}, "team", "sales"),
        ({"event": ["A", "B"]}, "event-type", "B"),
    ],
)
def test_whatever_begins_a_run_is_a_reference(trigger: dict, kind: str, key: str) -> None:
    assert (kind, key) in {(ref.kind, ref.key) for ref in references({"kind": "workflow", "trigger": trigger})}


@pytest.mark.requirement("I2")
@pytest.mark.parametrize(("kind", "old"), [("stage", "lead"), ("stage", "sql"), ("event-type", "Booked")])
def test_a_rename_reaches_every_part_of_the_format(kind: str, old: str) -> None:
    changed = renamed(EVERYTHING, {(kind, old): "new"})
    assert old not in {ref.key for ref in references(changed) if ref.kind == kind}
