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
