"""Contacts, found by e-mail address."""

import django_filters
from django.db.models import QuerySet
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from workflows.engine.identity import normal_email
from workflows.models import Contact, ContactKey


class ContactSerializer(ModelSerializer[Contact]):
    class Meta:
        model = Contact
        fields = ["id", "email", "lifecycle_stage", "score", "consent", "fields", "created_at", "updated_at"]


class ContactFilter(django_filters.FilterSet):  # type: ignore[misc]
    email = django_filters.CharFilter(method="by_email", help_text="In any case and with any spaces around it.")
    lifecycle_stage = django_filters.CharFilter()
    updated_after = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    updated_before = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="lt")

    def by_email(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        """The contact that is recognised by this address, whichever way it is spelt."""
        del name
        known = ContactKey.objects.filter(key=f"email:{normal_email(value)}").values("contact_id")
        return contacts.filter(pk__in=known)


class ContactViewSet(ReadOnlyModelViewSet[Contact]):
    """People, and what is known about them."""

    read_scope = "contacts:read"
    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_class = ContactFilter
    lookup_value_converter = "int"
