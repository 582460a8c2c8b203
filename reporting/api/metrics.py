"""Metrics by interface: definitions as other definitions are, and numbers by the very plans that pages are made of."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.models import Team
from reporting.metrics import BadQuestion, Grain, Period, Question
from reporting.metrics.question import FIRST, LAST
from reporting.queries import metrics
from workflows.api.definitions import DefinitionViewSet
from workflows.models import Metric
from workflows.queries.metrics import astray

#: Days that are asked about where `from` is left out.
USUAL_DAYS = 30
MOST_METRICS = 20


class MetricSerializer(StrictSerializer, serializers.ModelSerializer[Metric]):
    owner = serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), help_text="Key of the team.")

    class Meta:
        model = Metric
        fields = [
            *("id", "key", "name", "meaning", "owner", "type", "formula", "unit", "better", "target", "status"),
        ]
        read_only_fields = ["status"]


class BasisSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    version = serializers.IntegerField(help_text="Number of its newest version.")
    digest = serializers.CharField(help_text="Names what that version says.")


class NumberSerializer(serializers.Serializer[Any]):
    at = serializers.DateField(allow_null=True, help_text="First day of the span; null: the whole time.")
    by = serializers.DictField(child=serializers.CharField(), help_text="Dimensions with their values; empty: none.")
    value = serializers.FloatField(
        allow_null=True,
        help_text="Null: nothing happened that it could be said of, or amounts of several currencies, never added.",
    )
    currency = serializers.CharField(help_text="Of money; `several`: ask by currency. Empty: no money.")


class AnswerSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    status = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField(help_text="Names every definition that the numbers rest on.")
    rests_on = BasisSerializer(many=True)
    since = serializers.DateField(help_text="First day that counts.")
    to = serializers.DateField(help_text="Last day that counts.")
    grain = serializers.CharField(allow_null=True)
    time_zone = serializers.CharField()
    numbers = NumberSerializer(many=True)
    former = NumberSerializer(many=True, allow_null=True, help_text="Of as many days before; null: not asked for.")
    is_cut = serializers.BooleanField(help_text="There are more numbers than one answer holds.")
    sql = serializers.CharField(help_text="The same from the documented views, for the read-only role.")


class AskedSerializer(serializers.Serializer[Any]):
    """What the address asks; a parameter that is not listed is refused."""

    metric = serializers.ListField(child=serializers.CharField(max_length=50), min_length=1, max_length=MOST_METRICS)
    to = serializers.DateField(required=False)
    grain = serializers.ChoiceField(choices=[grain.value for grain in Grain], required=False)
    by = serializers.ListField(child=serializers.CharField(max_length=80), required=False)
    where = serializers.ListField(child=serializers.CharField(max_length=300), required=False, max_length=50)
    compare = serializers.BooleanField(required=False)

    def get_fields(self) -> Any:
        """`from` is a word of Python."""
        return {**super().get_fields(), "from": serializers.DateField(required=False)}


class MetricViewSet(DefinitionViewSet[Metric]):
    """What numbers mean, and the numbers."""

    queryset = Metric.objects.select_related("owner")
    serializer_class = MetricSerializer
    filterset_fields = ["status", "key", "type"]

    def _save(self, row: Any, values: dict[str, Any]) -> Any:
        key, type, formula = (values.get(name, getattr(row, name)) for name in ("key", "type", "formula"))
        if problems := astray(key, type, formula):
            raise serializers.ValidationError({"formula": problems})
        return super()._save(row, values)

    @extend_schema(
        responses=AnswerSerializer(many=True),
        filters=False,
        parameters=[
            OpenApiParameter("metric", str, many=True, required=True, description="Key of a metric; several at once."),
            OpenApiParameter("from", date, description=f"First day; {USUAL_DAYS} days before the last, if left out."),
            OpenApiParameter("to", date, description="Last day; today where the workspace is, if left out."),
            OpenApiParameter("grain", str, enum=[grain.value for grain in Grain], description="Spans of a series."),
            OpenApiParameter("by", str, many=True, description="Dimension to tell numbers apart by: campaign."),
            OpenApiParameter(
                "where",
                str,
                many=True,
                description="What counts: `campaign:autumn`. Said twice of one dimension either counts; "
                "`!campaign:autumn` counts all others.",
            ),
            OpenApiParameter("compare", bool, description="Also of as many days before."),
        ],
    )
    @action(detail=False, filter_backends=[], pagination_class=None)
    def query(self, request: Request) -> Response:
        """Numbers by their definitions, each with the versions that it was counted by."""
        asked, questions = _questions(request)
        try:
            known = metrics.catalog()
            answers = metrics.ask(questions, known=known)
        except BadQuestion as error:
            name = {"period": "to"}.get(error.name, error.name)
            raise serializers.ValidationError({name: [str(error)]}) from None
        many = len(asked["metric"])
        zone = metrics.zone()
        lines = [
            _line(answer, former=answers[many + number] if asked.get("compare") else None, zone=zone, known=known)
            for number, answer in enumerate(answers[:many])
        ]
        return Response(AnswerSerializer(lines, many=True).data)


def _questions(request: Request) -> tuple[dict[str, Any], list[Question]]:
    said = {
        name: request.query_params.getlist(name) if name in ("metric", "by", "where") else request.query_params[name]
        for name in request.query_params
    }
    reader = AskedSerializer(data=said)
    if unknown := sorted(set(said) - set(reader.fields)):
        raise serializers.ValidationError({name: ["There is no such parameter."] for name in unknown})
    reader.is_valid(raise_exception=True)
    asked = reader.validated_data
    today = clock.now().astimezone(ZoneInfo(metrics.zone())).date()
    for name in ("from", "to"):
        if not FIRST <= asked.get(name, today) < LAST:
            raise serializers.ValidationError({name: [f"Between {FIRST} and {LAST}."]})
    last = asked.get("to", today)
    since = asked.get("from", last - timedelta(days=USUAL_DAYS - 1))
    period = Period(since, last + timedelta(days=1))
    periods = [period, period.former] if asked.get("compare") else [period]
    return asked, [
        Question(
            metric=key,
            period=one,
            grain=Grain(asked["grain"]) if "grain" in asked else None,
            by=tuple(asked.get("by", ())),
            where=_where(asked.get("where", ())),
        )
        for one in periods
        for key in asked["metric"]
    ]


def _where(said: Any) -> dict[str, tuple[str, ...]]:
    where: dict[str, tuple[str, ...]] = {}
    for one in said:
        name, colon, value = one.partition(":")
        if not colon:
            raise serializers.ValidationError({"where": ["A dimension and its value, such as campaign:autumn."]})
        where[name] = (*where.get(name, ()), value)
    return where


def _line(
    answer: metrics.Answer, *, former: metrics.Answer | None, zone: str, known: metrics.Catalog
) -> dict[str, Any]:
    asked, metric = answer.question, answer.metric
    return {
        "metric": metric.key,
        "name": metric.name,
        "unit": metric.unit,
        "status": metric.status,
        "version": metric.version,
        "digest": answer.digest,
        "rests_on": [{"key": one.key, "version": one.version, "digest": one.digest} for one in answer.rests_on],
        "since": asked.period.since,
        "to": asked.period.last,
        "grain": asked.grain.value if asked.grain else None,
        "time_zone": zone,
        "numbers": _numbers(answer),
        "former": _numbers(former) if former else None,
        "is_cut": answer.is_cut,
        "sql": metrics.sql_of(asked, known=known, at_zone=zone),
    }


def _numbers(answer: metrics.Answer) -> list[dict[str, Any]]:
    """Of a series without groups every span, also those in which nothing happened."""
    asked = answer.question
    if asked.by:
        return [
            {
                "at": row.at,
                "by": dict(zip(asked.by, row.by, strict=True)),
                "value": row.value,
                "currency": row.currency,
            }
            for row in answer.rows
        ]
    series = answer.series if asked.grain else ((None, answer.value),)
    return [{"at": at, "by": {}, "value": value, "currency": answer.currency} for at, value in series]
