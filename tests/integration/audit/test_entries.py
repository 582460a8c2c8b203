"""The audit log is append-only, chained, and stands or falls with the write it tells of (FAULTS S14)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from martechops.audit import entries, verification
from martechops.audit.models import AuditEntry

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def record(key: str = "demo", **detail: Any) -> AuditEntry:
    with transaction.atomic():
        return entries.record(
            action="workflow.activate",
            object_kind="workflow",
            object_key=key,
            by="rollout-controller",
            at=NOON,
            detail=detail,
        )


def behind_the_databases_back(sql: str, *values: object) -> None:
    """What someone could do who owns the tables."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_refuses_change")
        cursor.execute(sql, values)
        cursor.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER audit_refuses_change")


@pytest.mark.django_db
def test_each_entry_continues_the_one_before_it() -> None:
    first, second = record("a"), record("b")
    assert (first.number, first.previous_digest) == (1, "")
    assert (second.number, second.previous_digest) == (2, first.digest)


@pytest.mark.django_db(transaction=True)
def test_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        entries.record(action="a.b", object_kind="a", object_key="1", by="x", at=NOON)


@pytest.mark.django_db
def test_entry_of_a_failed_write_is_gone_with_it_and_leaves_no_gap() -> None:
    record("kept")
    with transaction.atomic():
        record("rolled back")
        transaction.set_rollback(True)
    assert record("next").number == 2
    assert verification.verify().breaks == ()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditentry SET actor = 'someone else'",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
    ],
)
def test_database_refuses_to_change_the_log(sql: str) -> None:
    record()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER audit_refuses_truncate")  # see conftest
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(sql)
    assert AuditEntry.objects.get().actor == "rollout-controller"


@pytest.mark.django_db
def test_entry_cannot_be_saved_again() -> None:
    entry = record()
    entry.actor = "someone else"
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entry.save()


@pytest.mark.django_db
def test_altered_row_is_named() -> None:
    for key in "abc":
        record(key)
    behind_the_databases_back("UPDATE audit_auditentry SET detail = '{\"share\": 100}' WHERE number = 2")
    assert [found.number for found in verification.verify().breaks] == [2]


@pytest.mark.django_db
def test_altered_row_with_a_fitting_digest_breaks_the_row_after_it() -> None:
    for key in "abc":
        record(key)
    forged = AuditEntry.objects.get(number=2)
    forged.actor = "someone else"
    behind_the_databases_back(
        "UPDATE audit_auditentry SET actor = %s, digest = %s WHERE number = 2", forged.actor, forged.expected_digest()
    )
    assert [found.number for found in verification.verify().breaks] == [3]


@pytest.mark.django_db
def test_removed_row_is_named() -> None:
    for key in "abcd":
        record(key)
    behind_the_databases_back("DELETE FROM audit_auditentry WHERE number IN (2, 3)")
    (found,) = verification.verify().breaks
    assert (found.number, found.says) == (2, "missing: 2 row(s) before 4 were removed")


@pytest.mark.django_db
def test_rows_cut_off_the_end_are_found_by_a_head_noted_elsewhere() -> None:
    record("a")
    noted = record("b").digest
    call_command("verify_audit", contains=noted)
    behind_the_databases_back("DELETE FROM audit_auditentry WHERE number = 2")
    call_command("verify_audit")
    with pytest.raises(CommandError, match="removed from its end"):
        call_command("verify_audit", contains=noted)


@pytest.mark.django_db
def test_command_fails_and_names_the_altered_row(capsys: pytest.CaptureFixture[str]) -> None:
    record("a")
    call_command("verify_audit")
    assert "1 audit entries, unbroken" in capsys.readouterr().out
    behind_the_databases_back("UPDATE audit_auditentry SET actor = 'someone else' WHERE number = 1")
    with pytest.raises(CommandError, match="tampered"):
        call_command("verify_audit")
    assert "Entry 1: altered" in capsys.readouterr().err


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1e21, 1e-7, 0.1, -0.0, 2.0, 2**53 - 1, 1e300], ids=repr)
def test_numbers_digest_the_same_after_a_stay_in_the_database(number: float) -> None:
    record(number=number)
    assert verification.verify().breaks == ()


@pytest.mark.django_db
@pytest.mark.parametrize("number", [float("nan"), 2**53], ids=repr)
def test_detail_that_json_cannot_hold_is_refused(number: float) -> None:
    with pytest.raises(ValueError):
        record(number=number)


@pytest.mark.django_db(transaction=True)
def test_parallel_writers_make_one_chain() -> None:
    def write(writer: int) -> None:
        for _ in range(10):
            record(str(writer))
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    verdict = verification.verify()
    assert (verdict.entries, verdict.breaks) == (40, ())
