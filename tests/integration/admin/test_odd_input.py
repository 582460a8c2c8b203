"""The admin says at the field what it cannot take, and saves what was not changed as it was."""

import pytest
from django.test import Client

from martechops.people.models import User
from workflows.models import Mapping, MessageTemplate, Source, System
from workflows.queries import documents


@pytest.fixture
def root(client: Client, demo_of_monday: None, db: None) -> Client:
    client.force_login(User.objects.get(username="admin"))
    return client


@pytest.mark.parametrize(
    "text", ['[{"from": "\\u0000"}]', "[" * 100_000 + "]" * 100_000, "[" * 40 + "]" * 40, '[{"a": NaN}]', "{", "1e999"]
)
def test_json_that_cannot_be_kept_is_refused_at_its_field(root: Client, text: str) -> None:
    row = Mapping.objects.get(key="web-form-to-contact")
    answer = root.post(
        f"/admin/workflows/mapping/{row.pk}/change/", {"name": row.name, "owner": row.owner_id, "rows": text}
    )
    assert answer.status_code == 200
    assert "rows" in answer.context["adminform"].form.errors
    before = row.rows
    row.refresh_from_db()
    assert row.rows == before


def test_template_saved_as_it_was_is_no_change(root: Client) -> None:
    row = MessageTemplate.objects.get(key="demo-welcome")
    body, version = row.body, documents.latest_number(row)
    assert "\n" in body
    sent = {"name": row.name, "channel": row.channel, "owner": row.owner_id, "subject": row.subject}
    with_crlf = sent | {"body": body.replace("\n", "\r\n")}
    assert root.post(f"/admin/workflows/messagetemplate/{row.pk}/change/", with_crlf).status_code == 302
    assert root.post(f"/vocabulary/template/{row.pk}/edit/", with_crlf | {"expected": version}).status_code == 302
    row.refresh_from_db()
    assert (row.body, documents.latest_number(row)) == (body, version)


def test_connector_of_a_system_is_one_that_there_is(root: Client) -> None:
    row = System.objects.get(key="crm")
    sent = {"name": row.name, "kind": row.kind, "owner": row.owner_id, "connector": "nowhere"}
    for address in (f"/admin/workflows/system/{row.pk}/change/", f"/vocabulary/system/{row.pk}/edit/"):
        page = root.post(address, sent | {"expected": documents.latest_number(row)}).content.decode()
        assert "nowhere is not one of the available choices" in page
    assert "sandbox_mailbox" in root.get(f"/admin/workflows/system/{row.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("roles", "[[]]"),
        ("roles", '[{"marketer": true}]'),
        ("roles", '["owner"]'),
        ("roles", "[" * 5_000 + "]" * 5_000),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
    ],
)
def test_account_takes_roles_and_zones_that_there_are(root: Client, field: str, text: str) -> None:
    ana = User.objects.get(username="ana")
    sent = {"username": "ana", "is_active": "on", "roles": '["marketer"]', "timezone": "UTC"}
    address = f"/admin/people/user/{ana.pk}/change/"
    answer = root.post(address, sent | {field: text})
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert root.post(address, sent).status_code == 302


def test_json_that_was_emptied_is_as_it_was_in_the_beginning(root: Client) -> None:
    row = Source.objects.get(key="demo-site")
    Source.objects.filter(pk=row.pk).update(reading={"name": "/event"})
    sent = {"name": row.name, "system": row.system_id, "mapping": row.mapping_id, "enabled": "on", "reading": ""}
    assert root.post(f"/admin/workflows/source/{row.pk}/change/", sent).status_code == 302
    row.refresh_from_db()
    assert row.reading == {}
