"""One command starts it all, keeps it up, and says clearly why when it cannot."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from martechops.embedded import postgres, processes
from martechops.embedded.home import Home
from tests import prepared
from tests.installations import PATIENCE_SECONDS, ROOT, Installation, environment, free_port, running, start, until

PARTS = {"postgres", "web", "worker-1", "worker-2", "beat"}


def up(home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", "up", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )


def test_all_parts_run_and_the_demo_is_there(installation: Installation) -> None:
    assert set(installation.pids()) == PARTS
    assert installation.get("healthz") == (200, "ok\n")


def test_second_up_says_who_runs(installation: Installation) -> None:
    second = up(installation.home, "--port", str(free_port()))
    assert second.returncode == 1
    assert installation.address in second.stderr
    assert str(installation.process.pid) in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.requirement("F1")
@pytest.mark.parametrize("part", ["web", "worker-1", "beat", "postgres"])
def test_part_that_is_killed_comes_back(installation: Installation, part: str) -> None:
    before = installation.kill(part)
    assert until(lambda: installation.pids().get(part, before) != before)
    assert until(lambda: installation.ready()["ready"])


@pytest.mark.requirement("F3")
def test_pulse_goes_on_after_the_database_was_restarted(installation: Installation) -> None:
    installation.kill("postgres")
    assert until(lambda: "seen 0 s" in str(installation.ready()))


@pytest.mark.requirement("F12")
def test_killed_supervisor_leaves_nothing_behind_and_the_next_start_is_clean(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    prepared.furnish(home)
    with running(home.root, "--empty", "--workers", "1") as first:
        pids = first.pids()
        os.kill(first.process.pid, signal.SIGKILL)
        assert until(lambda: not any(processes.is_alive(pid) for pid in pids.values()))
    with running(home.root, "--workers", "1") as second:
        pids = second.pids()
        assert second.stop(by=signal.SIGINT) == 0
        assert not any(processes.is_alive(pid) for pid in pids.values())
        assert not home.up_file.exists()


def refused(home: Home, *arguments: str) -> str:
    """What `up` says when it cannot start: one line, no traceback, and an exit code that is not 0."""
    done = up(home, *arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (sentence,) = done.stderr.strip().splitlines()
    return sentence


def test_taken_port_is_one_sentence(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "is taken by another program" in refused(home, "--port", str(taken.getsockname()[1]))


def test_home_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "Not a directory" in refused(Home.at(tmp_path / "file" / "home"))


def test_database_of_another_version_is_one_sentence(home: Home) -> None:
    data = home.postgres_data(major=18)
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    assert "made by another user" in (sentence := refused(home)) or "is of PostgreSQL 12" in sentence


def test_data_that_cannot_be_read_is_one_sentence(home: Home) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    postgres.prepare(home)
    home.postgres_data(major=18).chmod(0)
    assert "Cannot read the database" in refused(home)
    home.postgres_data(major=18).chmod(0o700)


def test_database_that_is_damaged_is_one_sentence_with_the_place_of_its_log(home: Home) -> None:
    postgres.prepare(home)
    (home.postgres_data(major=18) / "global" / "pg_control").write_bytes(b"")
    assert "PostgreSQL did not start" in refused(home, "--port", str(free_port()))


def test_start_that_is_interrupted_stops_what_it_started(home: Home) -> None:
    starting = start(home, "--empty")
    assert until(lambda: "postgres" in starting.pids())
    pids = starting.pids()
    assert starting.stop(by=signal.SIGINT) == 0
    assert not any(processes.is_alive(pid) for pid in pids.values())
