"""Contacts, found by e-mail address."""

from dataclasses import asdict
from typing import Any

import django_filters
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    DictField,
    IntegerField,
    JSONField,
    ModelSerializer,
    Serializer,
    ValidationError,
)
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import ReadOnlyModelViewSet

from martechops.inbox import messages as inbox
from martechops.inbox.models import InboxMessage
from martechops.lib import clock
from martechops.lib.drf.filters import InstantFilter
from martechops.lib.drf.pagination import is_id, not_ours
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.models import ApiToken
from workflows.actions import contact_fields
from workflows.api import writing
from workflows.api.timeline import TimelineSerializer, entry
from workflows.engine.identity import normal_email
from workflows.models import Contact, ContactKey, Workflow
from workflows.queries import scores, why_not
from workflows.queries.timeline import of_contact


class ContactSerializer(ModelSerializer[Contact]):
    score = IntegerField(source="score_now", read_only=True, help_text="What is left of its points now.")

    class Meta:
        model = Contact
        fields = ["id", "email", "lifecycle_stage", "score", "consent", "fields", "created_at", "updated_at"]


class WrittenSerializer(Serializer[Any]):
    """What became of one value."""

    field = CharField()
    state = ChoiceField(["applied", "unchanged", "requested", "refused"])
    because = CharField(help_text="What the field's authority says against it.")
    request = IntegerField(source="request_id", allow_null=True, help_text="The change request that waits.")


class TurnSerializer(Serializer[Any]):
    """One fact that would have had to be another."""

    path = CharField(help_text="`now` is time itself.")
    old = JSONField(allow_null=True)
    new = JSONField(allow_null=True)
    any_value = BooleanField(help_text="Any value would do; `new` is an example.")
    says = CharField()


class WhyNotSerializer(Serializer[Any]):
    """Why a step was not done."""

    happened = BooleanField(help_text="It was done: there is no why not.")
    step = CharField(help_text="The step that stood in the way; empty for the entry.")
    says = CharField()
    at = DateTimeField(allow_null=True, help_text="When that was decided.")
    run = IntegerField(allow_null=True)
    version = IntegerField(allow_null=True)
    digest = CharField(allow_null=True)
    changes = TurnSerializer(many=True, allow_null=True, help_text="All of it together; null: no change of facts.")


class InboxSerializer(ModelSerializer[InboxMessage]):
    """One in-app message."""

    class Meta:
        model = InboxMessage
        fields = ["id", "subject", "text", "html", "sent_at", "read_at"]


class ContactWriteSerializer(StrictSerializer):
    """Values by field, as the catalog calls them: `{"values": {"company": "Brightwater"}}`."""

    values = DictField(child=JSONField(allow_null=True), allow_empty=False)


class ContactFilter(django_filters.FilterSet):  # type: ignore[misc]
    email = django_filters.CharFilter(method="by_email", help_text="In any case and with any spaces around it.")
    lifecycle_stage = django_filters.CharFilter()
    updated_after = InstantFilter(field_name="updated_at", lookup_expr="gte")
    updated_before = InstantFilter(field_name="updated_at", lookup_expr="lt")

    def by_email(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        """The contact that is recognised by this address, whichever way it is spelt."""
        del name
        known = ContactKey.objects.filter(key=f"email:{normal_email(value)}").values("contact_id")
        return contacts.filter(pk__in=known)


class ContactViewSet(ReadOnlyModelViewSet[Contact]):
    """People, and what is known about them."""

    read_scope = "contacts:read"
    write_scope = "contacts:write"
    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_class = ContactFilter
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[Contact]:
        return super().get_queryset().annotate(score_now=scores.faded(at=clock.now()))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One contact; its ETag is what `If-Match` asks for."""
        answer: Response = super().retrieve(request, *args, **kwargs)
        answer["ETag"] = f'"{contact_fields.state_of(self.get_object())}"'
        return answer

    @extend_schema(
        parameters=[writing.IF_MATCH],
        request=ContactWriteSerializer,
        responses={code: WrittenSerializer(many=True) for code in (200, 202, 403)},
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        """Write fields: 200 all applied, 202 some wait for their owner as change requests, 403 some are refused.

        A token that was made for a system writes as that system, any other as its person.
        """
        del pk
        asked = ContactWriteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        token: ApiToken = request.auth  # type: ignore[assignment]  # no other kind of caller comes this far
        try:
            outcomes = contact_fields.write(
                contact=self.get_object(),
                values=asked.validated_data["values"],
                writer=contact_fields.writer_of(token.user, system=token.system),
                by=token.user,
                at=clock.now(),
                expected=writing.matched(request),
            )
        except contact_fields.ChangedMeanwhile as error:
            raise writing.ChangedMeanwhile(str(error)) from None
        except DjangoValidationError as error:
            raise ValidationError(error.message_dict) from None
        states = {outcome.state for outcome in outcomes}
        status = 403 if "refused" in states else 202 if "requested" in states else 200
        etag = f'"{contact_fields.state_of(self.get_object())}"'
        return Response(WrittenSerializer(outcomes, many=True).data, status=status, headers={"ETag": etag})

    @extend_schema(responses=InboxSerializer(many=True))
    @action(detail=True)
    def inbox(self, request: Request, pk: int) -> Response:
        """The contact's newest in-app messages, for the site's own widget."""
        del request, pk
        return Response({"results": InboxSerializer(inbox.of_contact(self.get_object().pk)[:50], many=True).data})

    @extend_schema(
        responses=TimelineSerializer,
        parameters=[OpenApiParameter("cursor", str, description="As `next` of the page before gave it.")],
    )
    @action(detail=True)
    def timeline(self, request: Request, pk: int) -> Response:
        """What happened to a contact and why, newest first, with the values that decided it."""
        del pk
        contact, before = self.get_object(), request.query_params.get("cursor", "")
        if before and not is_id(before):
            raise not_ours()
        told = of_contact(contact.pk, before=before)
        older = replace_query_param(request.build_absolute_uri(), "cursor", told.older) if told.older else None
        page = {"next": older, "previous": None, "results": [entry(trace, told) for trace in told.traces]}
        return Response(TimelineSerializer(page).data)

    @extend_schema(
        responses={200: WhyNotSerializer},
        parameters=[
            OpenApiParameter("workflow", str, required=True, description="Key of the workflow."),
            OpenApiParameter("step", str, required=True, description="Key of the step."),
        ],
    )
    @action(detail=True, url_path="why-not", filter_backends=[])
    def why_not(self, request: Request, pk: int) -> Response:
        """Why a step was not done for a contact, and the smallest change that would have turned it."""
        del pk
        contact = self.get_object()
        if unknown := sorted(set(request.query_params) - {"workflow", "step"}):
            raise ValidationError(dict.fromkeys(unknown, "There is no such parameter; there are: step, workflow."))
        workflow = Workflow.objects.filter(key=request.query_params.get("workflow", "")).first()
        if workflow is None:
            raise ValidationError({"workflow": "There is no such workflow."})
        step = request.query_params.get("step", "")
        found = why_not.of_contact(contact, workflow=workflow, step=step, at=clock.now())
        if found is None:
            raise ValidationError({"step": "The version that looked at this contact has no such step."})
        return Response(WhyNotSerializer(_told_why(found)).data)


def _told_why(found: why_not.Found) -> dict[str, Any]:
    changes = found.answer.changes
    return {
        "happened": found.happened,
        "step": found.answer.step,
        "says": found.answer.says,
        "at": found.at,
        "run": found.run_id,
        "version": found.version.number if found.version else None,
        "digest": found.version.digest if found.version else None,
        "changes": None if changes is None else [asdict(change) | {"says": change.says()} for change in changes],
    }
