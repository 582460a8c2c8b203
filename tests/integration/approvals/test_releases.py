"""A release pins what a version depends on, however far, and nothing else."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.actions import releases
from campaigns.manifests import Manifest
from campaigns.models import Release
from campaigns.queries import manifests
from martechops.people.models import User
from workflows.actions import definitions, drafts, renames, versions
from workflows.models import EventType, Field, Mapping, MessageTemplate, Segment, System, Version, Workflow

from .conftest import AT


def live(key: str) -> Version:
    return Version.objects.select_related("workflow").get(workflow__key=key, activations__until=None)


def digests() -> dict[str, str]:
    known = manifests.definitions()
    found = Version.objects.exclude(activations=None).filter(activations__until=None).select_related("workflow")
    return {version.workflow.key: manifests.of_versions([version], among=known).digest for version in found}


def differing(before: dict[str, str]) -> set[str]:
    return {key for key, digest in digests().items() if digest != before[key]}


@pytest.mark.requirement("S19")
@pytest.mark.usefixtures("demo")
def test_release_names_mappings_templates_fields_and_guards() -> None:
    found = releases.make(version=live("demo-request-nurture"), by="tests", at=AT)
    pins = {(pin.kind, pin.key) for pin in Manifest.read(found.manifest).pins}
    assert {
        ("workflow", "demo-request-nurture"),
        ("guards", "demo-request-nurture"),
        ("mapping", "demo-form-to-crm"),
        ("template", "demo-welcome"),
        ("event-type", "Demo Requested"),
        ("channel", "demo-welcome"),
    } <= pins
    assert found.digest == Manifest.read(found.manifest).digest
    assert found.risk == "high"


@pytest.mark.usefixtures("demo")
def test_same_meaning_is_the_same_release_and_another_meaning_another() -> None:
    version = live("demo-request-nurture")
    first = releases.make(version=version, by="tests", at=AT)
    assert releases.make(version=version, by="tests", at=AT) == first
    template = MessageTemplate.objects.get(key="demo-welcome")
    template.subject = "Another word"
    definitions.save(template, by="tests", at=AT)
    second = releases.make(version=version, by="tests", at=AT)
    assert (second.number, second.version) == (first.number + 1, version)
    change = Manifest.read(second.manifest).changed_from(Manifest.read(first.manifest))
    assert [(pin.kind, pin.key) for pin in change.pins] == [("template", "demo-welcome")]


@pytest.mark.requirement("G4")
@pytest.mark.usefixtures("demo")
def test_what_is_shared_changes_those_that_depend_on_it_and_no_others() -> None:
    before = digests()
    mapping = Mapping.objects.get(key="demo-form-to-crm")
    mapping.rows = [mapping.rows[0] | {"default": "nobody@example.com"}, *mapping.rows[1:]]
    definitions.save(mapping, by="tests", at=AT)
    assert differing(before) == {"demo-request-nurture", "keep-crm-in-step", "quote-request-routing"}


@pytest.mark.usefixtures("demo")
def test_what_is_used_at_second_hand_counts() -> None:
    """A field that only a segment asks for, and a segment that only another one names."""
    version = live("demo-request-nurture")
    segment = Segment.objects.first()
    assert segment is not None
    owner, number = segment.owner, Field.objects.get(key="company_size")
    for key, when in (("inner", {"contact.company_size": {"$gt": 9}}), ("outer", {"segment": "inner"})):
        definitions.save(
            Segment(key=key, name=key, meaning="-", owner=owner, when=when, status="agreed"), by="tests", at=AT
        )
    content = {**version.content, "entry": {**version.content["entry"], "when": {"segment": "outer"}}}
    draft = drafts.begin(workflow=version.workflow, content=content, by="tests", at=AT)
    found = {(pin.kind, pin.key) for pin in manifests.of_versions([draft]).pins}
    assert {("segment", "outer"), ("segment", "inner"), ("field", number.key)} <= found


@pytest.mark.usefixtures("demo")
def test_status_and_sandbox_are_no_change_of_what_people_get() -> None:
    before = digests()
    template = MessageTemplate.objects.get(key="demo-welcome")
    template.status = "draft" if template.status == "frozen" else "frozen"
    definitions.save(template, by="tests", at=AT)
    for system in System.objects.all():
        system.sandbox = not system.sandbox
        definitions.save(system, by="tests", at=AT)
    assert differing(before) == set()


@pytest.mark.usefixtures("demo")
def test_draft_of_an_agreed_segment_changes_nothing_before_it_is_agreed() -> None:
    segment = Segment.objects.filter(status="agreed").first()
    assert segment is not None
    before = manifests.definitions().parts["segment", segment.key].pins
    segment.status, segment.when = "draft", {"contact.company_size": {"$gt": 1}}
    definitions.save(segment, by="tests", at=AT)
    assert manifests.definitions().parts["segment", segment.key].pins == before
    segment.status = "agreed"
    definitions.save(segment, by="tests", at=AT)
    assert manifests.definitions().parts["segment", segment.key].pins != before


@pytest.mark.usefixtures("demo")
def test_queries_do_not_grow_with_the_versions() -> None:
    versions = list(
        Version.objects.exclude(activations=None).filter(activations__until=None).select_related("workflow")
    )

    def count(chosen: list[Version]) -> int:
        with CaptureQueriesContext(connection) as queries:
            manifests.of_versions(chosen)
        return len(queries)

    assert count(versions) == count(versions[:1]) <= 3


@pytest.mark.usefixtures("demo")
def test_database_refuses_to_change_a_release() -> None:
    draft = drafts.begin(workflow=Workflow.objects.get(key="demo-request-nurture"), by="tests", at=AT)
    version = versions.freeze(version=draft, by="tests", at=AT)
    found = releases.make(version=version, by="tests", at=AT)
    for spoil in (
        lambda: Release.objects.filter(pk=found.pk).update(digest="0" * 64),
        lambda: Release.objects.filter(pk=found.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            spoil()


def test_draft_and_map_are_no_release(ana: User) -> None:
    workflow = Workflow.objects.get(key="demo-request-nurture")
    with pytest.raises(releases.CannotRelease, match="draft"):
        releases.make(version=drafts.begin(workflow=workflow, by="tests", at=AT), by="tests", at=AT)
    documented = Version.objects.filter(workflow__map_only=True).exclude(frozen_at=None).first()
    assert documented is not None
    with pytest.raises(releases.CannotRelease, match="documents"):
        releases.make(version=documented, by="tests", at=AT)


@pytest.mark.requirement("G4")
@pytest.mark.usefixtures("demo")
def test_renamed_event_is_another_meaning() -> None:
    """Its name is part of what was agreed to: whoever agreed to "Demo Requested" has not heard of the new one."""
    before = digests()
    renames.apply(kind="event-type", old="Demo Requested", new="Demo Asked For", by="tests", at=AT)
    assert EventType.objects.filter(name="Demo Asked For").exists()
    assert "demo-request-nurture" in differing(before)
