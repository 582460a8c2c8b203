"""The embedded server is started, killed and found again without losing anything."""

import os
from pathlib import Path

import psycopg
import pytest

from martechops.embedded import account, postgres, processes
from martechops.embedded.home import EmbeddedError, Home


def test_rows_survive_kill_nine(home: Home) -> None:
    server = postgres.prepare(home)
    process = postgres.start(server)
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE leads AS SELECT generate_series(1, 1000) AS id")
    process.kill()
    process.wait()
    process = postgres.start(server)
    try:
        with psycopg.connect(server.conninfo()) as connection:
            assert connection.execute("SELECT count(*) FROM leads").fetchone() == (1000,)
    finally:
        postgres.stop(process)


def test_reused_pid_in_the_lock_file_is_not_believed(home: Home) -> None:
    server = postgres.prepare(home)
    process = postgres.start(server)
    lock = (server.data / "postmaster.pid").read_text()
    postgres.stop(process)
    (server.data / "postmaster.pid").write_text(lock.replace(str(process.pid), str(os.getppid()), 1))
    process = postgres.start(server)
    assert postgres.answers(server.conninfo())
    postgres.stop(process)


def test_server_left_behind_is_ended_before_another_starts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "STRAYS_GO_WITHIN_SECONDS", 0.1)
    server = postgres.prepare(home)
    first = postgres.start(server)
    second = postgres.start(server)
    try:
        assert first.wait(timeout=1) == 0
        assert postgres.answers(server.conninfo())
    finally:
        postgres.stop(second)


def test_initialisation_that_was_cut_off_is_made_again(home: Home) -> None:
    draft = home.root / "postgres-18.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18")
    server = postgres.prepare(home)
    assert (server.data / "base").exists()
    assert not draft.exists()


def test_socket_folder_made_by_someone_else_is_refused(home: Home) -> None:
    home.socket_folder.mkdir(mode=0o777)
    home.socket_folder.chmod(0o777)
    with pytest.raises(EmbeddedError, match="belongs to someone else"):
        postgres.prepare(home)


def test_full_disk_is_said_in_one_sentence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "LEAST_FREE_BYTES", 2**62)
    with pytest.raises(EmbeddedError, match=r"^The disk that holds .* is full"):
        postgres.prepare(home)


def test_data_of_another_user_is_said_in_one_sentence(home: Home) -> None:
    server = postgres.prepare(home)
    if not server.account.borrowed:
        pytest.skip("only root can give a folder away")
    os.chown(server.data, 12345, 12345)
    with pytest.raises(EmbeddedError, match="made by another user"):
        postgres.prepare(home)


def test_logs_carry_no_addresses(home: Home) -> None:
    server = postgres.prepare(home)
    process = postgres.start(server)
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE people (email text PRIMARY KEY)")
        for _ in range(2):
            try:
                connection.execute("INSERT INTO people VALUES ('canary@example.com')")
            except psycopg.errors.UniqueViolation:
                break
    postgres.stop(process)
    log = (home.logs / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "canary" not in log


def test_root_lends_an_account_that_cannot_enter_a_private_folder(tmp_path: Path) -> None:
    owner = account.for_postgres()
    tmp_path.chmod(0o700)
    assert owner.can_enter(tmp_path) is not owner.borrowed


def test_a_folder_without_a_server_has_no_processes(tmp_path: Path) -> None:
    assert processes.working_in(tmp_path, command="postgres") == []
