"""A file of people, from its upload to contacts (requirements A2, C2, D6)."""

import io
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from martechops.people.models import User
from workflows.actions import imports
from workflows.engine.tables import BadTable
from workflows.models import ChangeRequest, Contact, FieldChange, Import, InboundEvent, System
from workflows.runtime import importing
from workflows.runtime.advance import advance

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PEOPLE = """E-Mail;Vorname;Employees;Opt in;Colour
ana.import@example.com;Ana;50;yes;red
Ana.Import@Example.com ;Ana;50;yes;blue
ben.import@example.com;Ben;about fifty;yes;red
;Nobody;3;no;red
cy.import@example.com;Cy;7;no;"=cmd|' /C calc'!A0"
"""

pytestmark = pytest.mark.django_db


@pytest.fixture
def sal(demo_of_monday: None, db: None) -> User:
    return User.objects.get(username="sal")


def upload(sal: User, text: str = PEOPLE, system: str = "web-form") -> Import:
    raw = text.encode()
    found = System.objects.filter(key=system).first() or System.objects.get(kind="form")
    return imports.upload(file=io.BytesIO(raw), name="people.csv", size=len(raw), system=found, by=sal, at=NOW)


def choose(found: Import, sal: User, **choices: str) -> Import:
    said = choices or {"e_mail": "email", "vorname": "first_name", "employees": "company_size"}
    imports.choose(found, choices={column: {"to": to} for column, to in said.items()}, by=sal, at=NOW)
    return settle(found)


def settle(found: Import) -> Import:
    while importing.pass_part() or advance():
        pass
    found.refresh_from_db()
    return found


def test_columns_are_guessed_before_anybody_chooses(sal: User) -> None:
    found = upload(sal)
    assert (found.delimiter, found.rows, found.state) == (";", 5, "uploaded")
    assert found.choices["e_mail"] == {"to": "email"}
    assert "colour" not in found.choices


@pytest.mark.requirement("D6")
def test_check_says_what_would_happen_and_changes_nothing(sal: User) -> None:
    found = choose(upload(sal), sal)
    assert (found.state, found.found["good"], found.refused) == ("checked", 3, 2)
    reasons = dict(found.refusals.values_list("line", "reasons"))
    assert reasons == {
        4: ["company_size 'about fifty' is not a number"],
        5: ["neither an e-mail address nor a user id says who it is"],
    }
    assert not InboundEvent.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.requirement("A2")
def test_good_rows_become_contacts_once_each(sal: User) -> None:
    found = choose(upload(sal), sal)
    found = settle(imports.start(found, by=sal, at=NOW))
    assert (found.state, found.stored, found.repeated, found.refused) == ("done", 2, 1, 2)
    emails = Contact.objects.order_by("email").values_list("email", flat=True)
    assert list(emails) == ["ana.import@example.com", "cy.import@example.com"]
    assert not found.parts.exists()


def test_second_import_changes_nothing(sal: User) -> None:
    for _ in range(2):
        found = settle(imports.start(choose(upload(sal), sal), by=sal, at=NOW))
        changes = FieldChange.objects.count()
    assert (found.stored, found.repeated) == (0, 3)
    assert FieldChange.objects.count() == changes
    assert Contact.objects.count() == 2


@pytest.mark.requirement("C8")
def test_field_of_another_system_becomes_a_request_and_the_rest_is_written(sal: User) -> None:
    settle(imports.start(choose(upload(sal, system="email"), sal), by=sal, at=NOW))
    written = set(FieldChange.objects.values_list("field", flat=True))
    asked = set(ChangeRequest.objects.values_list("field", flat=True))
    assert asked
    assert not written & asked


def test_choices_of_the_same_columns_are_remembered(sal: User) -> None:
    choose(upload(sal), sal, e_mail="email", colour="company")
    assert upload(sal).choices["colour"] == {"to": "company"}


@pytest.mark.parametrize(
    ("choices", "column"),
    [
        ({"vorname": "first_name"}, "__all__"),
        ({"e_mail": "email", "vorname": "email"}, "vorname"),
        ({"e_mail": "email", "vorname": "no_such"}, "vorname"),
        ({"e_mail": "email", "nothing": "company"}, "nothing"),
    ],
)
def test_choice_that_cannot_be_is_refused_at_its_column(sal: User, choices: dict[str, str], column: str) -> None:
    found = upload(sal)
    with pytest.raises(ValidationError) as refused:
        imports.choose(found, choices={name: {"to": to} for name, to in choices.items()}, by=sal, at=NOW)
    assert column in refused.value.message_dict


@pytest.mark.parametrize("text", ["", "\n\n", "email\n", 'email\n"' + "x" * 200_000])
def test_file_that_is_no_table_is_refused_and_nothing_kept(sal: User, text: str) -> None:
    with pytest.raises(BadTable):
        upload(sal, text)
    assert not Import.objects.exists()


def test_cancelled_import_takes_no_more(sal: User) -> None:
    found = imports.start(choose(upload(sal), sal), by=sal, at=NOW)
    imports.cancel(found, by=sal, at=NOW)
    assert importing.pass_part() == 0
    with pytest.raises(imports.WrongState, match="cancelled"):
        imports.start(found, by=sal, at=NOW)


def test_live_events_go_first(sal: User, monkeypatch: pytest.MonkeyPatch) -> None:
    imports.start(choose(upload(sal), sal), by=sal, at=NOW)
    monkeypatch.setattr(importing, "MOST_WAITING", 0)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO workflows_queuedevent (event_id, lane, tries) VALUES (1, 1, 0)")
    assert importing.pass_part() == 0


def test_a_part_costs_a_fixed_number_of_statements(sal: User) -> None:
    counts = []
    for rows in (50, 400):
        text = "email,first_name\n" + "".join(f"p{rows}-{i}@example.com,P{i}\n" for i in range(rows))
        found = upload(sal, text)
        imports.choose(found, choices={"email": {"to": "email"}, "first_name": {"to": "first_name"}}, by=sal, at=NOW)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            importing.pass_part()
        counts.append(len(queries))
        imports.cancel(Import.objects.get(pk=found.pk), by=sal, at=NOW)
    assert counts[0] == counts[1]


def test_the_page_leads_from_upload_to_result(sal: User, client: Client) -> None:
    client.force_login(sal)
    file = SimpleUploadedFile("people.csv", PEOPLE.encode(), content_type="text/csv")
    system = System.objects.get(kind="form")
    page = client.post("/imports/", {"file": file, "system": system.key}, follow=True)
    found = Import.objects.get()
    assert "Check all rows" in page.content.decode()
    address = f"/imports/{found.pk}/"
    wrong = client.post(address, {"do": "choose", "to-vorname": "first_name"})
    assert "people are recognised by it" in wrong.content.decode()
    client.post(address, {"do": "choose", "to-e_mail": "email", "to-employees": "company_size"})
    assert "every 1s" in client.get(address).content.decode()
    part = client.get(address, headers={"HX-Request": "true", "HX-Target": "progress"})
    assert "Rows checked" in part.content.decode()
    assert "<html" not in part.content.decode()
    settle(found)
    assert client.get(address, headers={"HX-Request": "true", "HX-Target": "progress"}).headers["HX-Refresh"] == "true"
    assert "What it would do" in client.get(address).content.decode()
    client.post(address, {"do": "start"})
    settle(found)
    assert "Taken in" in client.get(address).content.decode()


def test_refused_rows_come_back_as_a_file_that_no_spreadsheet_runs(sal: User, client: Client) -> None:
    client.force_login(sal)
    found = choose(upload(sal), sal, e_mail="email", vorname="company_size", colour="company")
    answer = client.get(f"/imports/{found.pk}/refused.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    lines = text.splitlines()
    assert lines[0].endswith("Line;Why not taken")
    assert len(lines) == 1 + found.refused
    assert ";=cmd" not in text
    assert "'=cmd" in text


def test_viewer_sees_imports_and_starts_none(sal: User, client: Client) -> None:
    found = upload(sal)
    client.force_login(User.objects.get(username="ida"))
    assert client.get("/imports/").status_code == 200
    assert client.post(f"/imports/{found.pk}/", {"do": "start"}).status_code == 403
    assert client.get(f"/imports/{found.pk}/refused.csv").status_code == 403
