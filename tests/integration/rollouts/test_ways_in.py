"""The page, the interface and the shell begin and move the same rollouts, and refuse the same things."""

import functools
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from campaigns.actions import repairs, rollout_ticks, rollouts
from campaigns.models import Repair, Rollout
from campaigns.queries import rollouts as reading
from martechops.people.actions import tokens
from martechops.people.models import User
from workflows.models import Run, Source, Version

from .conftest import AT, KEY, NOW, candidate, let_out, ramp

Arrive = Callable[..., None]


@pytest.fixture
def page(demo: Source, client: Client) -> Client:
    client.force_login(User.objects.get(username="ana"))
    return client


@pytest.fixture
def rest(demo: Source) -> Callable[[str], APIClient]:
    @functools.cache
    def rest(name: str) -> APIClient:
        user = User.objects.get(username=name)
        _, text = tokens.create(user=user, scopes=["rollouts:read", "rollouts:write"], by="tests", at=AT)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        return client

    return rest


def state(rollout: Rollout) -> str:
    return reading.standing(rollout).state


def test_monitor_shows_both_arms_and_its_buttons_name_numbers(page: Client, arrive: Arrive) -> None:
    rollout = let_out(candidate(), ramp(50, at_least=100))
    arrive(0, 60)
    rollout_ticks.tick(at=NOW)
    met = rollout.looks.get().candidate
    shown = page.get(f"/rollouts/{rollout.pk}/").content.decode()
    assert f"{met} of the 100 people that this stage asks for have met it" in shown
    assert f"{met} people have met it." in shown
    assert "everybody enters version 1 again" in shown
    assert "nothing was done twice" in shown
    assert "person-" in shown
    today = page.get("/rollouts/running/").content.decode()
    assert f"/rollouts/{rollout.pk}/" in today


def test_keyboard_reaches_what_can_be_decided_before_all_that_was_found(page: Client) -> None:
    rollout = let_out(candidate(), ramp(5))
    shown = page.get(f"/rollouts/{rollout.pk}/").content.decode()
    assert shown.index('href="#decide"') < shown.index('id="decide"')
    rollouts.take(rollout=rollout, verb="roll_back", by="tests", at=NOW, because="tests")
    shown = page.get(f"/rollouts/{rollout.pk}/").content.decode()
    assert 'href="#decide"' not in shown, "nothing is to be decided"
    assert "ended here" in shown


def test_person_holds_goes_on_and_rolls_back(page: Client) -> None:
    rollout = let_out(candidate(), ramp(5))
    for verb, after in (("hold", "held"), ("go_on", "running"), ("roll_back", "rolled_back")):
        answer = page.post(f"/rollouts/{rollout.pk}/move/", {"verb": verb, "because": "seen"}, follow=True)
        assert answer.status_code == 200
        assert state(rollout) == after
    answer = page.post(f"/rollouts/{rollout.pk}/move/", {"verb": "promote"}, follow=True)
    assert "cannot promote" in answer.content.decode()


@pytest.mark.requirement("F14")
def test_two_who_promote_what_they_saw_and_one_who_presses_twice_promote_once(
    page: Client, rest: Callable[[str], APIClient]
) -> None:
    rollout = let_out(candidate(), ramp(5, 25, 50))
    shown = page.get(f"/rollouts/{rollout.pk}/").content.decode()
    assert '<input type="hidden" name="seen" value="1">' in shown
    promote = {"verb": "promote", "seen": "1"}
    page.post(f"/rollouts/{rollout.pk}/move/", promote)
    again = page.post(f"/rollouts/{rollout.pk}/move/", promote, follow=True)
    assert "Somebody took a step meanwhile" in again.content.decode()
    assert reading.standing(rollout).stage == 1
    address = f"/api/v1/rollouts/{rollout.pk}/move"
    assert rest("ana").post(address, {"verb": "promote", "seen": 1}, format="json").status_code == 409
    assert rest("ana").post(address, {"verb": "promote", "seen": 2}, format="json").status_code == 200
    assert rest("ana").post(address, {"verb": "roll_back", "seen": 1}, format="json").status_code == 200, "to stop, any"


def test_form_says_at_the_field_what_is_wrong_and_keeps_what_was_typed(page: Client) -> None:
    version = candidate()
    form = page.get(f"/rollouts/start/{version.pk}/").content.decode()
    assert 'value="5, 25, 100"' in form
    said = {"shares": "25, 5, 100", "at_least": 10, "minutes": 0, "deadline_hours": 1}
    answer = page.post(f"/rollouts/start/{version.pk}/", said)
    assert answer.status_code == 422
    assert "Each share is greater than the one before it" in answer.content.decode()
    assert 'value="25, 5, 100"' in answer.content.decode()
    answer = page.post(f"/rollouts/start/{version.pk}/", said | {"shares": "5, 100"})
    assert answer.status_code == 422
    assert "nobody has approved it" in answer.content.decode(), "it is of high risk, and asks for approval"
    assert f'href="/approvals/ask/{version.pk}/"' in answer.content.decode()


def test_interface_begins_reads_and_moves(rest: Callable[[str], APIClient]) -> None:
    low = Version.objects.get(workflow__key="demo-request-nurture", number=1)
    refused = rest("ana").post("/api/v1/rollouts", {"version": candidate().pk}, format="json")
    assert refused.status_code == 409
    assert "nobody has approved it" in refused.json()["errors"][0]["detail"]
    bad = rest("ana").post("/api/v1/rollouts", {"version": low.pk, "ramp": {"stages": []}}, format="json")
    assert bad.status_code == 400
    rollout = let_out(candidate(), ramp(5))
    address = f"/api/v1/rollouts/{rollout.pk}"
    assert rest("ana").get("/api/v1/rollouts?state=running").json()["results"][0]["id"] == rollout.pk
    moved = rest("ana").post(f"{address}/move", {"verb": "hold", "because": "a look"}, format="json")
    assert (moved.status_code, moved.json()["state"], moved.json()["steps"][-1]["because"]) == (200, "held", "a look")
    assert rest("ben").post(f"{address}/move", {"verb": "go_on"}, format="json").status_code == 403, "another team's"
    assert rest("ana").post(f"{address}/move", {"verb": "hold"}, format="json").status_code == 409
    assert json.dumps(rest("ana").get(address).json()["ramp"])


def test_shell_shows_and_moves(demo: Source) -> None:
    rollout, out = let_out(candidate(), ramp(5)), StringIO()
    call_command("rollouts", "list", stdout=out)
    assert f"{rollout.pk}  demo-request-nurture v2  running  5 %" in out.getvalue()
    call_command("rollouts", "move", str(rollout.pk), "roll_back", "--by", "ana", "--because", "seen", stdout=out)
    call_command("rollouts", "show", str(rollout.pk), stdout=out)
    assert state(rollout) == "rolled_back"
    assert "roll_back seen" in out.getvalue()
    with pytest.raises(CommandError, match="is rolled back cannot hold"):
        call_command("rollouts", "move", str(rollout.pk), "hold", "--by", "ana")


def test_shell_lists_shows_and_confirms_the_repair_of_what_was_rolled_back(demo: Source, arrive: Arrive) -> None:
    rollout, out = let_out(candidate(), ramp(90)), StringIO()
    arrive(0, 6)
    rollouts.take(rollout=rollout, verb="roll_back", by="tests", at=NOW, because="tests")
    while repairs.carry_on(at=NOW):
        pass
    repair = Repair.objects.get(rollout=rollout)
    call_command("repairs", "show", str(repair.pk), stdout=out)
    assert f"Run on the way: {repair.runs} to be done, 0 done" in out.getvalue()
    with pytest.raises(CommandError, match="takes the role marketer"):
        call_command("repairs", "confirm", str(repair.pk), "--by", "ida")
    call_command("repairs", "confirm", str(repair.pk), "--by", "ana", stdout=out)
    with pytest.raises(CommandError, match="Meanwhile it is running"):
        call_command("repairs", "dismiss", str(repair.pk), "--by", "ana")
    while repairs.carry_on(at=NOW):
        pass
    call_command("repairs", "list", stdout=out)
    assert f"{repair.pk}  {rollout.version}  done  {repair.runs} runs" in out.getvalue()
    with pytest.raises(CommandError, match="has no version 99"):
        call_command("repairs", "open", rollout.version.workflow.key, "99", "--by", "ana")


def test_shell_begins_a_version_by_a_file_and_says_what_is_wrong_with_it(demo: Source, tmp_path: Path) -> None:
    version, file, out = candidate(), tmp_path / "ramp.json", StringIO()
    begin = ("rollouts", "start", version.workflow.key, "--number", str(version.number), "--by", "ana")
    for text, says in (
        ("{", "cannot be read"),
        ("[]", "a ramp has stages"),
        ('{"stages": [{"share_percent": 5.5}, {"share_percent": 100}]}', "whole numbers"),
        ('{"stages": [{"share_percent": 5}, {"share_percent": 100}]}', "nobody has approved it"),
    ):
        file.write_text(text)
        with pytest.raises(CommandError, match=says):
            call_command(*begin, "--ramp", str(file), stdout=out)
    with pytest.raises(CommandError, match="has no version 99"):
        call_command("rollouts", "start", version.workflow.key, "--number", "99", "--by", "ana")
    assert not Rollout.objects.filter(version=version).exists()


def test_shell_says_with_numbers_who_would_go_where_before_it_begins(demo: Source, arrive: Arrive) -> None:
    arrive(0, 4)
    version, out = candidate(), StringIO()
    begin = ("rollouts", "start", KEY, "--in-flight", "migrate", "--by", "ana")
    call_command(*begin, "--preview", stdout=out)
    assert "4 on the way on demo-request-nurture v1: 4 are moved, 0 stay\n  4 at pause: waits on" in out.getvalue()
    call_command(*begin, "--map", "route=end", "--preview", stdout=out)
    assert "0 are moved, 4 stay\n  4 at pause: the map does not name this step" in out.getvalue()
    for said, says in (("pause", "does not say where"), ("pause=nowhere", "has no step nowhere")):
        with pytest.raises(CommandError, match=says):
            call_command(*begin, "--map", said, stdout=out)
    with pytest.raises(CommandError, match=rf"nobody has approved it as it is now.*/approvals/ask/{version.pk}/"):
        call_command(*begin, stdout=out)
    assert not Rollout.objects.filter(version=version).exists()


def test_refusal_on_a_page_leads_to_what_is_to_be_done(page: Client) -> None:
    version, running = candidate(), let_out(candidate(), ramp(5))
    said = {"shares": "5, 100", "at_least": 50, "minutes": 60, "deadline_hours": 24}
    refused = page.post(f"/rollouts/start/{version.pk}/", said).content.decode()
    assert f'<a href="/rollouts/{running.pk}/">' in refused
    rollouts.take(rollout=running, verb="call_off", by="tests", at=NOW, because="tests")
    refused = page.post(f"/rollouts/start/{version.pk}/", said).content.decode()
    assert f'<a href="/approvals/ask/{version.pk}/">' in refused


def test_what_becomes_of_those_on_their_way_is_chosen_where_it_begins(page: Client) -> None:
    version = candidate()
    address = f"/rollouts/start/{version.pk}/"
    assert "They go on with the new version from the same step" in page.get(address).content.decode()
    said = {"shares": "5, 100", "at_least": 50, "minutes": 60, "deadline_hours": 24}
    looked = page.post(address, said | {"policy": "follow", "look": "1"})
    assert looked.status_code == 200
    assert "Nobody is on the way on version 1" in looked.content.decode()
    for policy, says in (("elsewhere", "no policy elsewhere"), ("migrate", "Say for one step at least")):
        refused = page.post(address, said | {"policy": policy})
        assert refused.status_code == 422
        assert says in refused.content.decode()
    assert not Rollout.objects.filter(version=version).exists()


def test_what_was_rolled_back_is_not_shown_as_finishing(page: Client, arrive: Arrive) -> None:
    rollout = let_out(candidate(), ramp(90))
    arrive(0, 6)
    waiting = Run.objects.filter(version_id=rollout.version_id, state="waiting")
    assert waiting.exists()
    assert "Rolling out" in page.get("/workflows/demo-request-nurture/versions/").content.decode()
    page.post(f"/rollouts/{rollout.pk}/move/", {"verb": "roll_back", "because": "tests"})
    shown = page.get("/workflows/demo-request-nurture/versions/").content.decode()
    assert "Rolled back" in shown
    assert "who go no further" in shown
    assert "Finishing" not in shown


def test_the_interface_refuses_a_map_that_leads_nowhere(rest: Callable[[str], APIClient]) -> None:
    version = candidate()
    asked = {"version": version.pk, "in_flight": {"policy": "migrate", "steps": {"pause": "nowhere"}}}
    refused = rest("ana").post("/api/v1/rollouts", asked, format="json")
    assert refused.status_code == 409
    assert "nowhere" in refused.content.decode()
    unknown = {"version": version.pk, "in_flight": {"policy": "elsewhere"}}
    assert rest("ana").post("/api/v1/rollouts", unknown, format="json").status_code == 400
