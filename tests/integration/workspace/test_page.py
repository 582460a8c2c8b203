"""Files in the browser and by interface: taken away, looked at, brought in; nothing hostile gets through."""

import io
import json
import stat
import uuid
import zipfile
from collections.abc import Callable

import jsonschema_rs
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from martechops.people.actions import tokens
from martechops.people.models import User
from tests.integration.workspace.conftest import AT, Files, changed, planned
from workflows.models import MessageTemplate
from workflows.workspace import bundles, exporting, kinds
from workflows.workspace.folders import CannotRead

pytestmark = [pytest.mark.django_db]

WELCOME = "templates/demo-welcome.yaml"


def upload(files: Files) -> SimpleUploadedFile:
    return SimpleUploadedFile("workspace.zip", bundles.pack(files), content_type="application/zip")


def test_download_is_what_an_export_writes(client: Client, person: Callable[[str], User]) -> None:
    client.force_login(person("ida"))
    answer = client.get("/workspace/export/")
    assert bundles.unpack(answer.content) == {p: r for p, r in exporting.files().items() if p.endswith(".yaml")}
    assert answer.content == client.get("/workspace/export/").content


def test_upload_shows_the_plan_and_applies_what_was_shown(
    client: Client, files: Files, person: Callable[[str], User]
) -> None:
    client.force_login(person("admin"))
    more = changed(files, WELCOME, "Hello", "Good day")
    shown = client.post("/workspace/plan/", {"file": upload(more)}).content.decode()
    assert "Body reworded" in shown
    assert "Apply 1 change<" in shown
    digest = planned(more, by=person("admin")).digest
    other = client.post("/workspace/apply/", {"file": upload(files), "plan": digest}).content.decode()
    assert "Something has changed since the plan was shown" in other
    done = client.post("/workspace/apply/", {"file": upload(more), "plan": digest}).content.decode()
    assert f"1 to change, {len(files) - 1} unchanged" in done
    assert MessageTemplate.objects.get().body.startswith("Good day")


def test_problems_are_shown_with_file_and_line(client: Client, files: Files, person: Callable[[str], User]) -> None:
    client.force_login(person("sal"))
    worse = changed(files, WELCOME, "owner: email-team", "owner: <b>nobody</b>")
    shown = client.post("/workspace/plan/", {"file": upload(worse)}).content.decode()
    assert f"{WELCOME}:5:1" in shown
    assert "there is no team &lt;b&gt;nobody&lt;/b&gt;" in shown
    assert "Apply" not in shown.partition("Problems")[2].partition("</main>")[0]


def test_who_may_not_apply_may_look(client: Client, files: Files, person: Callable[[str], User]) -> None:
    client.force_login(person("ana"))
    more = changed(files, "segments/warm-without-consent.yaml", "$gte: 50", "$gte: 60")
    assert "takes the role operator" in client.post("/workspace/plan/", {"file": upload(more)}).content.decode()
    assert client.post("/workspace/apply/", {"file": upload(more), "plan": "x" * 64}).status_code == 403
    assert client.post("/workspace/plan/", {}).status_code == 200


def call(client: Client, user: User, address: str, archive: bytes, *scopes: str) -> tuple[int, dict[str, object]]:
    _, token = tokens.create(user=user, name=uuid.uuid4().hex, scopes=scopes, by="tests", at=AT)
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post(address, archive, content_type="application/zip", headers=headers)
    return answer.status_code, answer.json()


def test_interface_plans_and_applies(client: Client, files: Files, person: Callable[[str], User]) -> None:
    admin, archive = person("admin"), bundles.pack(changed(files, WELCOME, "Hello", "Good day"))
    status, plan = call(client, admin, "/api/v1/workspace/plan", archive, "workspace:read")
    assert (status, plan["summary"]) == (200, f"1 to change, {len(files) - 1} unchanged")
    assert call(client, admin, "/api/v1/workspace/apply", archive, "workspace:read")[0] == 403
    assert call(client, admin, f"/api/v1/workspace/apply?plan={'0' * 64}", archive, "workspace:write")[0] == 409
    address = f"/api/v1/workspace/apply?plan={plan['digest']}"
    assert call(client, admin, address, archive, "workspace:write")[0] == 200
    assert MessageTemplate.objects.get().body.startswith("Good day")
    for body in (b"no archive", b""):
        status, said = call(client, admin, "/api/v1/workspace/plan", body, "workspace:read")
        assert (status, "zip archive" in json.dumps(said)) == (400, True)


def test_schemas_are_published_to_everybody(client: Client) -> None:
    for kind in kinds.KINDS:
        answer = client.get(f"/schemas/{kind}.json")
        assert answer.status_code == 200
        jsonschema_rs.meta.validate(answer.json())
    assert client.get("/schemas/nothing.json").status_code == 404


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for entry, raw in entries:
            file.writestr(entry, raw)
    return made.getvalue()


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("teams/a.yaml")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"PK no zip", "no zip archive"),
        (archive(("../evil.yaml", b"a: 1")), "leads out"),
        (archive(("/etc/evil.yaml", b"a: 1")), "leads out"),
        (archive(("C:/evil.yaml", b"a: 1")), "leads out"),
        (archive(("teams\\..\\..\\evil.yaml", b"a: 1")), "leads out"),
        (archive((link(), b"/etc/passwd")), "is a link"),
        (archive(("bomb.yaml", b"a" * 30_000_000)), "larger than 2 MB"),
        (archive(*((f"{i}.yaml", b"b" * 1_900_000) for i in range(30))), "50 MB"),
        (archive(*((f"{i}.yaml", b"") for i in range(10_001))), "more than 10000 files"),
        (b"x" * (bundles.LARGEST_ARCHIVE + 1), "larger than 10 MB"),
        (archive(("a.yaml", b"kind: team"))[:-30], "no zip archive"),
    ],
    ids=["text", "parent", "root", "drive", "backslash", "link", "bomb", "bombs", "many", "large", "cut"],
)
def test_hostile_archive_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(CannotRead, match=says):
        bundles.unpack(raw)


def test_archive_of_a_folder_is_read_as_the_folder() -> None:
    raw = archive(
        ("mine/teams/a.yaml", b"1"), ("mine/fields/b.yaml", b"2"), ("mine/README.md", b"3"), ("mine/.x.yaml", b"")
    )
    assert bundles.unpack(raw) == {"teams/a.yaml": b"1", "fields/b.yaml": b"2"}
