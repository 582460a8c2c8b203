"""Serializers that take what they know and refuse the rest (FAULTS S10)."""

from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """For writes: a field that is not declared, or only to be read, is an error and not silence.

    For a model: `class XSerializer(StrictSerializer, ModelSerializer[X])`, its fields listed one by one, never all.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            if unknown := sorted(str(name) for name in set(data) - writable):
                raise serializers.ValidationError({name: ["There is no such field to write."] for name in unknown})
        return super().to_internal_value(data)
