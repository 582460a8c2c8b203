"""What a release would do, by interface."""

from typing import Any

from rest_framework import serializers


class PinSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    key = serializers.CharField()
    digest = serializers.CharField()


class ManifestChangeSerializer(serializers.Serializer[Any]):
    added = PinSerializer(many=True)
    removed = PinSerializer(many=True)
    changed = PinSerializer(many=True)


class LandingSerializer(serializers.Serializer[Any]):
    way = serializers.ChoiceField(("stays", "waits", "begins", "ends"))
    step = serializers.CharField(help_text="The step of the new version; where they stay, their own.")
    says = serializers.CharField(help_text="Why.")


class FlightSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(source="old.number", help_text="Number of the version that they are on.")
    step = serializers.CharField()
    people = serializers.IntegerField()
    follow = LandingSerializer(source="landings.follow")
    migrate = LandingSerializer(
        source="landings.migrate", help_text="By the map that leads each step to the one of its key."
    )


class SendingSerializer(serializers.Serializer[Any]):
    step = serializers.CharField()
    kind = serializers.CharField()
    done_a_day = serializers.FloatField()
    withheld_a_day = serializers.FloatField()


class ConflictSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    severity = serializers.CharField()
    step = serializers.CharField()
    says = serializers.CharField()
    fix = serializers.CharField()
    team = serializers.CharField()


class ReleasePreviewSerializer(serializers.Serializer[Any]):
    """Counted as things stand now; who enters and what is sent by the newest replay of this content."""

    live = serializers.IntegerField(source="live.number", default=None, help_text="Version that is live now.")
    change = ManifestChangeSerializer(help_text="What the manifest has otherwise than the one that is live.")
    drift = ManifestChangeSerializer(help_text="What was changed since the release was made.")
    in_flight = serializers.IntegerField()
    follow = serializers.IntegerField(help_text="Of these, who can go on with the new version from their step.")
    migrate = serializers.IntegerField(help_text="Of these, whom a map takes along that leads each step to its key.")
    flights = FlightSerializer(many=True)
    replay = serializers.IntegerField(source="replay.pk", default=None)
    entries_per_day = serializers.FloatField(source="forecast.entries_per_day", default=None)
    messages_a_day = serializers.FloatField()
    sendings = SendingSerializer(many=True)
    conflicts = ConflictSerializer(many=True)
