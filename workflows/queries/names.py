"""What things are called: small tables read whole, so that no page asks once per row."""

from collections.abc import Iterable

from martechops.people.models import Team
from workflows.models import Contact, EventType, Field, LifecycleStage, MessageTemplate, Source, System, Workflow


def of_teams() -> dict[str, str]:
    """Team names by key."""
    return dict(Team.objects.values_list("key", "name"))


def of_systems() -> dict[str, str]:
    """System names by key."""
    return dict(System.objects.values_list("key", "name"))


def of_fields() -> dict[str, str]:
    """Labels of contact fields by key."""
    return dict(Field.objects.values_list("key", "label"))


def of_stages() -> dict[str, str]:
    """Lifecycle stage names by key, in their order."""
    return dict(LifecycleStage.objects.order_by("position").values_list("key", "name"))


def of_templates() -> dict[str, str]:
    """Message template names by key."""
    return dict(MessageTemplate.objects.values_list("key", "name"))


def of_sources() -> dict[int, str]:
    """Source names by id."""
    return dict(Source.objects.values_list("id", "name"))


def of_workflows() -> dict[int, Workflow]:
    """Workflows by id, with their owner."""
    return {workflow.pk: workflow for workflow in Workflow.objects.select_related("owner")}


def of_contacts(ids: Iterable[int]) -> dict[int, str]:
    """The e-mail address of each contact, or its number where there is none."""
    wanted = set(ids)
    known = dict(Contact.objects.filter(pk__in=wanted).values_list("id", "email")) if wanted else {}
    return {pk: known.get(pk) or f"Contact {pk}" for pk in wanted}


def of_event_owners() -> dict[str, str]:
    """The owner team of each event type, by its name."""
    return dict(EventType.objects.values_list("name", "owner__name"))


def of_source_owners() -> dict[int, str | None]:
    """The team to ask about a source, by the source's id: the owner of its system."""
    return dict(Source.objects.values_list("id", "system__owner__name"))
