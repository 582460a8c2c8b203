"""A contact's story: event, rule with values, effect, outcome; also what was withheld and why."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers

from workflows.models import Effect, InboundEvent, Trace
from workflows.queries.timeline import Told


class ToldEventSerializer(serializers.ModelSerializer[InboundEvent]):
    class Meta:
        model = InboundEvent
        fields = ["id", "type", "name", "occurred_at", "received_at"]


class ToldEffectSerializer(serializers.ModelSerializer[Effect]):
    class Meta:
        model = Effect
        fields = ["id", "key", "kind", "system", "state", "reason", "planned_at", "ended_at"]


class TimelineEntrySerializer(serializers.Serializer[dict[str, Any]]):
    """What one cause, an event or a timer, led to for the contact."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    cause = serializers.JSONField(help_text="What set it off: an event or a timer.")
    event = ToldEventSerializer(allow_null=True)
    contact = serializers.JSONField(help_text="Whether the contact was found or created, and by which key.")
    changes = serializers.JSONField(help_text="Fields that the event changed: old, new and why.")
    workflows = serializers.JSONField(
        help_text="Each workflow that looked at it: whether it was entered and why, and what each step decided, with "
        "the values that decided it, its guards, and the effect with its state and reason."
    )


class TimelineSerializer(serializers.Serializer[dict[str, Any]]):
    """One page of the story, newest first."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True, help_text="Always null: the story is read from its newest end.")
    results = TimelineEntrySerializer(many=True)


def entry(trace: Trace, told: Told) -> dict[str, Any]:
    """One entry of the story as plain data, with the rows that the trace only names."""
    event = told.events.get(trace.event_id) if trace.event_id else None
    return {
        "id": trace.pk,
        "at": trace.at,
        "cause": trace.detail.get("cause"),
        "event": event,
        "contact": trace.detail.get("contact"),
        "changes": trace.detail.get("changes", []),
        "workflows": [_workflow(part, told.effects) for part in trace.detail.get("workflows", [])],
    }


def _workflow(part: Mapping[str, Any], effects: Mapping[UUID, Effect]) -> dict[str, Any]:
    return {**part, "steps": [_step(step, effects) for step in part.get("steps", [])]}


def _step(step: Mapping[str, Any], effects: Mapping[UUID, Effect]) -> dict[str, Any]:
    """The step with its effect as it stands now instead of the effect's key."""
    effect = effects.get(UUID(step["effect"])) if step.get("effect") else None
    return {**step, "effect": ToldEffectSerializer(effect).data if effect else None}
