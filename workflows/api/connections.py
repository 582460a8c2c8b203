"""Connections by interface: what is set, whether it is well, and the switch. Secrets go in and never come out."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from workflows.actions import connections as actions
from workflows.actions import polls as actions_of_polls
from workflows.forms.connection import ConnectionForm, tells_changes
from workflows.models import System
from workflows.queries import connections, polls
from workflows.queries.connections import Overview


class ConnectionSerializer(StrictSerializer):
    """What is set, besides secrets, and how it is."""

    system = serializers.CharField(source="system.key", read_only=True)
    connector = serializers.CharField(source="system.connector", read_only=True)
    state = serializers.CharField(read_only=True, help_text="ready, or what holds it.")
    sandbox = serializers.BooleanField(source="system.sandbox", read_only=True)
    paused = serializers.BooleanField(source="system.paused", read_only=True)
    breaker = serializers.CharField(read_only=True)
    waiting = serializers.IntegerField(read_only=True)
    in_flight = serializers.IntegerField(read_only=True)
    last_answer_at = serializers.DateTimeField(source="health.last_done_at", read_only=True)
    last_failure_at = serializers.DateTimeField(source="health.last_failed_at", read_only=True)
    says = serializers.CharField(source="health.says", read_only=True)
    closed_until = serializers.DateTimeField(source="health.closed_until", read_only=True)
    secrets_set = serializers.ListField(source="secret_names", child=serializers.CharField(), read_only=True)
    settings = serializers.DictField(source="terms.settings", child=serializers.CharField(), default=dict)
    per_second = serializers.FloatField(source="terms.per_second", default=None)
    at_once = serializers.IntegerField(source="terms.at_once", default=None)
    quiet_from = serializers.TimeField(source="terms.quiet_from", default=None)
    quiet_to = serializers.TimeField(source="terms.quiet_to", default=None)
    quiet_zone = serializers.CharField(source="terms.quiet_zone", default="UTC")


class ConnectionWriteSerializer(StrictSerializer):
    """What is named is written; what is not stays."""

    settings = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    secrets = serializers.DictField(
        child=serializers.CharField(allow_blank=True), required=False, write_only=True, help_text="Never read back."
    )
    per_second = serializers.FloatField(required=False, allow_null=True)
    at_once = serializers.IntegerField(required=False, allow_null=True)
    quiet_from = serializers.TimeField(required=False, allow_null=True)
    quiet_to = serializers.TimeField(required=False, allow_null=True)
    quiet_zone = serializers.CharField(required=False)


class ChangesSerializer(StrictSerializer):
    """What a far side has told of changes there."""

    asked_next_at = serializers.DateTimeField(source="poll.next_at", allow_null=True)
    answered_at = serializers.DateTimeField(source="poll.answered_at", allow_null=True)
    cursor = serializers.CharField(source="poll.cursor", help_text="The far side's own mark.")
    brought = serializers.IntegerField(source="poll.brought", help_text="Events that were stored.")
    own = serializers.IntegerField(source="poll.own", help_text="Our own writes that came back.")
    failures = serializers.IntegerField(source="poll.failures")
    says = serializers.CharField(source="poll.says")
    why_not = serializers.CharField(read_only=True, help_text="Why it is not asked, or changes nothing; else empty.")


class ConnectionViewSet(GenericViewSet[System]):
    """Far sides: how they are reached, whether they are well."""

    read_scope = "connections:read"
    write_scope = "connections:write"
    queryset = System.objects.exclude(connector="").select_related("owner")
    serializer_class = ConnectionSerializer
    pagination_class: type[BasePagination] | None = None
    lookup_field = "key"
    lookup_value_converter = "slug"

    def list(self, request: Request) -> Response:
        """All of them."""
        del request
        return Response({"results": [_shown(one) for one in connections.overviews(at=clock.now())]})

    def retrieve(self, request: Request, key: str) -> Response:
        """One of them."""
        del request, key
        return Response(_shown(connections.overview(self.get_object(), at=clock.now())))

    @extend_schema(request=ConnectionWriteSerializer, responses=ConnectionSerializer)
    def partial_update(self, request: Request, key: str) -> Response:
        """Change what is set. A secret that is named is replaced."""
        del key
        asked = ConnectionWriteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        system = self.get_object()
        terms = _checked(system, asked.validated_data)
        actions.save(system=system, terms=terms, by=caller(request), at=clock.now())
        return Response(_shown(connections.overview(system, at=clock.now())))

    @extend_schema(request=None, responses=ConnectionSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, key: str) -> Response:
        """The kill switch: nothing is sent there from the answer on."""
        del key
        system = actions.pause(system=self.get_object(), by=caller(request), at=clock.now())
        return Response(_shown(connections.overview(system, at=clock.now())))

    @extend_schema(request=None, responses=ConnectionSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, key: str) -> Response:
        """What has waited goes on."""
        del key
        system = actions.resume(system=self.get_object(), by=caller(request), at=clock.now())
        return Response(_shown(connections.overview(system, at=clock.now())))

    @extend_schema(request=None, responses=ChangesSerializer)
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, key: str) -> Response:
        """Ask the far side now what changed there; `changes` of the answer is how it stands before that."""
        del key
        system = self.get_object()
        if not tells_changes(system):
            raise serializers.ValidationError({"connector": [f"{system.connector} cannot be asked what changed."]})
        actions_of_polls.ask_now(system=system, by=caller(request), at=clock.now())
        return Response(ChangesSerializer(polls.of(system)).data)

    def get_queryset(self) -> QuerySet[System]:
        return super().get_queryset().order_by("key")


def _shown(one: Overview) -> dict[str, Any]:
    shown: dict[str, Any] = dict(ConnectionSerializer(one).data)
    return shown


def _checked(system: System, asked: dict[str, Any]) -> actions.Terms:
    """By the same form that people fill in. Raises ValidationError at what is wrong."""
    known = connections.overview(system, at=clock.now()).terms
    form = ConnectionForm(None, system=system, terms=known)
    data: dict[str, Any] = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    unknown = {}
    for part in ("settings", "secrets"):
        for name, value in asked.pop(part, {}).items():
            if f"set_{name}" not in form.fields:
                unknown[f"{part}.{name}"] = "The connector has no such setting."
            data[f"set_{name}"] = value
    if unknown:
        raise serializers.ValidationError(unknown)
    bound = ConnectionForm({**data, **asked}, system=system, terms=known)
    if not bound.is_valid():
        said = bound.errors.get_json_data()
        problems = {name.removeprefix("set_"): [one["message"] for one in found] for name, found in said.items()}
        raise serializers.ValidationError(problems)
    return bound.terms
