"""What goes out as files comes in elsewhere the same, to the byte and to the digest."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from martechops.lib import digest
from tests.fixtures import large_workspace
from tests.integration.workspace.conftest import AT, Files, planned
from tests.unit.lib.test_yaml_files import NASTY
from workflows.models import DefinitionVersion, MessageTemplate, Source, Version
from workflows.workspace import applying, exporting, kinds, state
from workflows.workspace.kinds import name_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("G4")]


def of_yaml(files: Files) -> Files:
    return {path: raw for path, raw in files.items() if path.endswith(".yaml")}


def test_what_was_exported_is_no_change(files: Files) -> None:
    plan = planned(files)
    assert (plan.changes, plan.problems, plan.absent) == ((), (), ())
    assert plan.unchanged == len(files)


def test_large_workspace_comes_in_and_goes_out_the_same() -> None:
    files = large_workspace.files(workflows=12, fields=40, events=20, mappings=12)
    done = applying.apply(files, by="tests", at=AT)
    assert done.count("add") == len(files)
    assert of_yaml(exporting.files()) == files
    assert applying.apply(files, by="tests", at=AT).summary() == f"nothing to do, {len(files)} unchanged"


def test_digests_are_those_of_the_documents() -> None:
    """A definition has the digest of its document and a workflow that of its content, whoever wrote the file how."""
    files = large_workspace.files(workflows=4, fields=12, events=6, mappings=4)
    applying.apply(files, by="tests", at=AT)
    found = state.current().documents
    for version in DefinitionVersion.objects.all():
        name = kinds.Name(version.kind, version.key)
        assert version.digest == digest.of(found[name])
    for version in Version.objects.all():
        assert version.digest == digest.of(found[kinds.Name("workflow", version.workflow.key)])
        assert version.frozen_at is not None


def test_drafts_and_maps_travel_beside_what_is_frozen(files: Files) -> None:
    draft = files["workflows/keep-crm-in-step.yaml"].replace(b"owner: sales-ops", b"status: draft\nowner: sales-ops", 1)
    half = b"kind: workflow\nkey: new-one\nname: New one\ntype: nurture\nowner: growth\nstatus: draft\n"
    half += b"steps:\n  - key: a\n"
    team = b"kind: team\nkey: growth\nname: Growth\n"
    more = {**files, "workflows/keep-crm-in-step.draft.yaml": draft, "drafts/new.yaml": half, "teams/growth.yaml": team}
    plan = planned(more)
    assert not plan.problems
    assert {warning.says.split(" ")[0] for warning in plan.warnings} == {"trigger", "steps[0].action"}
    applying.apply(more, by="tests", at=AT)
    out = of_yaml(exporting.files())
    assert set(out) == {
        *files,
        "workflows/keep-crm-in-step.draft.yaml",
        "workflows/new-one.draft.yaml",
        "teams/growth.yaml",
    }
    assert planned(out).summary() == f"nothing to do, {len(out)} unchanged"


def test_export_of_what_is_live_leaves_out_what_waits_for_its_rollout(files: Files) -> None:
    path = "workflows/keep-crm-in-step.yaml"
    newer = {**files, path: files[path].replace(b"Bring the record up to date", b"Update the record")}
    applying.apply(newer, by="tests", at=AT)
    assert exporting.files()[path] == newer[path]
    assert exporting.files(live=True)[path] == files[path]


def test_no_secret_goes_out(files: Files) -> None:
    keys = [source.write_key.encode() for source in Source.objects.all()]
    files_ = exporting.files().values()
    assert keys
    assert not any(key in raw or b"password" in raw for raw in files_ for key in keys)


def template(subject: str, body: str, key: str = "t") -> dict[str, Any]:
    return {
        "kind": "template",
        "key": key,
        "name": "T",
        "channel": "email",
        "owner": "ops",
        "subject": subject,
        "body": body,
        "status": "draft",
    }


TEAM = {"kind": "team", "key": "ops", "name": "Ops", "duty": "  yes: #1\n\ttabs, and 'quotes' \r\n🎉 "}
bodies = st.one_of(
    st.sampled_from([text for text in NASTY if text.strip()]),
    st.text(st.characters(categories=["L", "N", "P", "Z"]), min_size=1),
)


class NastyTexts(TestCase):
    """Whatever people write in a message is the same message after a trip through files."""

    @given(body=bodies.filter(lambda text: text.strip() and "\0" not in text and "{" not in text))
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def test_text_is_the_same_after_a_trip(self, body: str) -> None:
        documents = [TEAM, template("subject", body)]
        files = {f"{i}.yaml": exporting.text(document, path="a/b.yaml") for i, document in enumerate(documents)}
        applying.apply(files, by="tests", at=AT)
        assert MessageTemplate.objects.get().body == body
        assert state.current().documents[name_of(TEAM)] == TEAM
        assert planned(of_yaml(exporting.files())).changes == ()
