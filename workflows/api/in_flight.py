"""People on their way, by interface: who waits where, where another version would take them, and taking them there."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from workflows.actions import moves
from workflows.api.writing import Clash
from workflows.engine import in_flight as engine
from workflows.models import Move, Version
from workflows.queries import in_flight
from workflows.queries.in_flight import Preview


class MovePeopleSerializer(StrictSerializer):
    """To which version, and how. Without `seen` nothing is moved: the answer is the preview."""

    to = serializers.PrimaryKeyRelatedField(
        queryset=Version.objects.select_related("workflow"), help_text="Id of the version that they go on with."
    )
    policy = serializers.ChoiceField(tuple(engine.POLICIES.items()))
    steps = serializers.DictField(
        child=serializers.CharField(max_length=120),
        required=False,
        default=dict,
        help_text="Under migrate: step of their version → step of the other, or `end`.",
    )
    seen = serializers.CharField(
        max_length=40, required=False, default="", help_text="The `token` of the preview that is confirmed."
    )


class InFlightGroupSerializer(serializers.Serializer[Any]):
    step = serializers.CharField(help_text="Where they wait.")
    people = serializers.IntegerField()
    way = serializers.ChoiceField(("stays", "waits", "begins", "ends"), source="landing.way")
    to_step = serializers.CharField(source="landing.step")
    says = serializers.CharField(source="landing.says")


class InFlightSerializer(serializers.Serializer[Any]):
    policy = serializers.CharField()
    people = serializers.IntegerField(help_text="On the way on the version.")
    moving = serializers.IntegerField()
    staying = serializers.IntegerField()
    groups = InFlightGroupSerializer(many=True)
    token = serializers.CharField(help_text="Names exactly this preview: send it as `seen` to move them.")
    move = serializers.IntegerField(allow_null=True, help_text="Id of the move, once it was confirmed.")
    moved = serializers.IntegerField(allow_null=True, help_text="How many are being moved.")


class InFlightView(APIView):
    """Who is on the way on one version."""

    read_scope = "workflows:read"
    write_scope = "workflows:write"

    @extend_schema(request=MovePeopleSerializer, responses={200: InFlightSerializer, 201: InFlightSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Where each would go; with `seen` they are moved. 409 where people have gone on since that preview."""
        old = Version.objects.select_related("workflow").filter(pk=pk).first()
        if old is None:
            raise NotFound(f"There is no version {pk}.")
        asked = MovePeopleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        chosen = {"old": old, "new": said["to"], "policy": said["policy"], "steps": said["steps"]}
        try:
            preview = in_flight.preview(**chosen)
            if not said["seen"]:
                return Response(_answer(preview))
            move = moves.begin(**chosen, seen=said["seen"], cause="by interface", by=caller(request), at=clock.now())
        except moves.BadMap as error:
            raise serializers.ValidationError({"steps": [str(error)]}) from None
        except ValueError as error:
            raise serializers.ValidationError({"to": [str(error)]}) from None
        except moves.CannotMove as error:
            raise Clash(str(error)) from None
        return Response(_answer(preview, move), status=status.HTTP_201_CREATED)


def _answer(preview: Preview, move: Move | None = None) -> dict[str, Any]:
    said = {"move": move.pk if move else None, "moved": move.runs if move else None}
    shown = {name: getattr(preview, name) for name in ("policy", "people", "moving", "staying", "groups", "token")}
    return dict(InFlightSerializer(shown | said).data)
