"""Every check finds what it is for, and nothing where it is not; and it has all that belongs to a check."""

import re
from pathlib import Path

import pytest
import yaml

from workflows.lint import BY_CODE, CHECKS, FAMILIES, SEVERITIES, examine

from . import fixtures

ROOT = Path(__file__).resolve().parents[3]
CODES = [check.code for check in CHECKS]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.requirement("B3", "B5", "B6", "B8", "C6", "C8", "C9", "G2")
def test_bad_example_is_found_and_names_a_team_to_call(code: str) -> None:
    workspace = fixtures.workspace(fixtures.read(code, "bad"))
    found = examine(workspace)
    assert {finding.code for finding in found} == {code}
    for finding in found:
        assert finding.team in workspace.teams
        assert finding.says
        assert finding.fix
        assert finding.severity == BY_CODE[code].severity


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_found_in_the_good_example(code: str) -> None:
    found = examine(fixtures.workspace(fixtures.read(code, "good")))
    assert [(finding.code, finding.path, finding.says) for finding in found] == []


@pytest.mark.parametrize("code", CODES)
def test_path_of_a_finding_leads_into_the_file(code: str) -> None:
    documents = {one["key"]: one for one in fixtures.read(code, "bad") if one["kind"] == "workflow"}
    for finding in examine(fixtures.workspace(fixtures.read(code, "bad"))):
        if at := re.match(r"steps\[(\d+)\]", finding.path):
            assert documents[finding.workflow]["steps"][int(at[1])]["key"] == finding.step


def test_every_check_has_a_code_of_a_family_a_severity_and_a_requirement() -> None:
    assert len(set(CODES)) == len(CODES)
    for check in CHECKS:
        assert re.fullmatch(r"[A-Z]{3}\d{3}", check.code)
        assert check.code[:3] in FAMILIES
        assert check.severity in SEVERITIES
        assert check.requirements or check.code.startswith("LNT")
        assert all(re.fullmatch(r"[A-K]\d+", number) for number in check.requirements)


def test_every_file_of_a_check_is_in_the_list() -> None:
    files = {path.stem for path in (ROOT / "workflows/lint/checks").glob("*.py")} - {"__init__"}
    assert {check.find.__module__.rpartition(".")[2] for check in CHECKS} == files


def test_fixtures_are_of_checks_that_there_are() -> None:
    assert {path.name for path in fixtures.FOLDER.iterdir() if path.is_dir()} == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_page_of_a_check_says_what_why_and_how_with_examples_that_are_yaml(code: str) -> None:
    page = (ROOT / "docs/lint" / f"{code}.md").read_text()
    check = BY_CODE[code]
    assert page.startswith(f"# {code} {check.title}\n")
    assert all(number in page for number in check.requirements)
    parts = re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    assert parts == ["What it finds", "Why it matters", "Wrong", "Right", "How to mend it"]
    wrong, right = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    assert list(yaml.safe_load_all(wrong)) != list(yaml.safe_load_all(right))


def test_every_check_is_in_the_index_and_every_page_is_of_a_check() -> None:
    index = (ROOT / "docs/lint/README.md").read_text()
    assert all(f"[{check.code}]({check.code}.md) | {check.title} | {check.severity} |" in index for check in CHECKS)
    assert {path.stem for path in (ROOT / "docs/lint").glob("*.md")} - {"README"} == set(CODES)
