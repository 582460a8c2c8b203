"""Files of people as rows and messages."""

import io

import pytest

from workflows.engine import tables
from workflows.engine.mapping import compile_mapping
from workflows.engine.tables import BadTable, Reading, Row, columns_of, delimiter_of, encoding_of, rows_of

MAPPING = [
    {"from": "row.mail", "to": "email", "type": "email"},
    {"from": "row.size", "to": "company_size", "type": "number"},
]
READING = Reading(compile_mapping(key="columns", rows=MAPPING), user_id="id")


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ('name,"a;b;c"\n1,2\n', ","),
        ("email\nana@example.com\n", ","),
    ],
)
def test_delimiter_is_the_one_that_cuts_evenly(sample: str, delimiter: str) -> None:
    assert delimiter_of(sample) == delimiter


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_usual_encoding_reads_as_it_was_written(encoding: str) -> None:
    raw = "name\nZoë Müller\n".encode(encoding)
    assert raw.decode(encoding_of(raw)).endswith("Zoë Müller\n")


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = io.StringIO('name,note\n\nAna,"two\nlines"\nBen,x\n')
    _, rows = rows_of(text, delimiter=",")
    assert [(row.line, row.cells["name"]) for row in rows] == [(3, "Ana"), (5, "Ben")]


def test_row_with_too_many_values_is_a_problem_of_that_row_only() -> None:
    _, rows = rows_of(io.StringIO("a,b\n1,2,3\n4,5\n"), delimiter=",")
    assert [bool(row.problem) for row in rows] == [True, False]


@pytest.mark.parametrize("headings", [[], ["", " "], ["x"] * 201])
def test_headings_that_are_none_are_refused(headings: list[str]) -> None:
    with pytest.raises(BadTable):
        columns_of(headings)


def test_endless_cell_is_refused_with_its_line() -> None:
    text = io.StringIO("a\n" + '"' + "x" * 200_000 + '"\n')
    with pytest.raises(BadTable, match="line"):
        list(rows_of(text, delimiter=",")[1])


def test_suggestions_know_what_other_tools_call_things_and_give_each_field_once() -> None:
    columns = columns_of(["E-Mail", "Vorname", "Email address", "Number of employees", "Shoe size", "ID"])
    found = tables.suggestions(columns, ["email", "first_name", "company_size", tables.USER_ID])
    assert list(found.values()) == ["email", "first_name", "", "company_size", "", "user_id"]


def test_value_of_the_wrong_type_makes_the_row_one_to_be_mended() -> None:
    found = tables.read(Row(2, {"mail": "ana@example.com", "size": "about fifty"}), READING)
    assert found.problems == ("company_size 'about fifty' is not a number",)


@pytest.mark.parametrize(("cells", "is_known"), [({"mail": "a@example.com"}, True), ({"id": "7"}, True), ({}, False)])
def test_row_must_say_who_it_is(cells: dict[str, str], is_known: bool) -> None:
    assert (not tables.read(Row(2, cells), READING).problems) is is_known


def test_same_row_is_the_same_message_in_any_spelling() -> None:
    ids = {
        tables.message(found.values, user_id=found.user_id)["messageId"]
        for mail in ("ana@example.com", " Ana@Example.com ")
        if (found := tables.read(Row(2, {"mail": mail, "size": "50"}), READING))
    }
    assert len(ids) == 1
