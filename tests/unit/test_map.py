"""The workflow map: where boxes go, which ways are drawn, and what the picture is made of."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from workflows.engine.parse import parse
from workflows.views.map_drawing import draw
from workflows.views.map_layout import STAGES, MapEdge, MapStep, lay_out
from workflows.views.map_steps import ENTRY, EXIT, Names, lit_edges, map_edges, map_steps, step_rows, with_marks

NAMES = Names(teams={"ops": "Marketing ops", "sales": "Sales ops"}, systems={"crm": "CRM", "email": "E-mail"})
FILE = {
    "key": "demo",
    "name": "Demo",
    "type": "nurture",
    "owner": "ops",
    "trigger": {"event": "Demo Requested", "where": {"event.properties.form_id": "demo"}},
    "steps": [
        {"key": "record", "stage": "capture", "system": "crm", "action": "upsert_record", "with": {"mapping": "m"}},
        {"key": "no-consent", "stop": "consent is missing", "when": {"contact.consent.email": {"$ne": "granted"}}},
        {
            "key": "welcome",
            "stage": "engage",
            "system": "email",
            "action": "send_message",
            "with": {"template": "t"},
            "guards": {"require": ["contact.email"], "consent": "email", "limit": {"at_most": 2, "per": "7 days"}},
        },
        {"key": "pause", "wait": {"for": "2 days", "until": {"event": "Meeting Booked"}}},
        {"key": "route", "choose": [{"when": {"contact.size": {"$gt": 200}}, "go": "call"}, {"else": "end"}]},
        {
            "key": "call",
            "stage": "engage",
            "system": "crm",
            "action": "create_task",
            "owner": "sales",
            "with": {"queue": "q", "title": "Call <b>now</b>"},
            "name": "Call <b>now</b>",
        },
    ],
}


@pytest.fixture
def spec():
    return parse(FILE)


def test_every_step_is_a_box_between_an_entry_and_an_exit_mark(spec):
    keys = [step.key for step in map_steps(spec, names=NAMES)]
    assert keys == [ENTRY, "record", "no-consent", "welcome", "pause", "route", "call", EXIT]


def test_ways_follow_the_file_and_a_branch_names_each_of_its_ways(spec):
    ways = {(edge.start, edge.end): edge.label for edge in map_edges(spec)}
    assert ways == {
        (ENTRY, "record"): "",
        ("record", "no-consent"): "",
        ("no-consent", "welcome"): "no",
        ("welcome", "pause"): "",
        ("pause", "route"): "",
        ("route", "call"): "A",
        ("route", EXIT): "B",
        ("call", EXIT): "",
    }


def test_a_documented_map_draws_the_ways_that_it_names():
    steps = [
        {"key": key, "stage": "capture", "owner": "ops", "after": after}
        for key, after in (("form", []), ("crm", ["form"]), ("sheet", ["form"]), ("report", ["crm", "sheet"]))
    ]
    current = parse({**FILE, "map_only": True, "steps": steps})
    ways = {(edge.start, edge.end) for edge in map_edges(current)}
    assert ways == {
        (ENTRY, "form"), ("form", "crm"), ("form", "sheet"), ("crm", "report"), ("sheet", "report"), ("report", EXIT),
    }  # fmt: skip


def test_a_wait_without_owner_stands_where_the_step_before_it_does(spec):
    places = {step.key: (step.stage, step.lane) for step in map_steps(spec, names=NAMES)}
    assert places["pause"] == places["welcome"] == ("engage", "Marketing ops")
    assert places["call"] == ("engage", "Sales ops")


def test_boxes_never_overlap_and_stay_in_their_lane_and_column(spec):
    steps = map_steps(spec, names=NAMES)
    layout = lay_out(steps, map_edges(spec))
    columns, lanes = dict(layout.columns), {lane.name: lane.box for lane in layout.lanes}
    for step in steps:
        box, column, lane = layout.boxes[step.key], columns[step.stage], lanes[step.lane]
        assert column.x < box.x
        assert box.right < column.right
        assert lane.y < box.y
        assert box.bottom < lane.bottom
    boxes = list(layout.boxes.values())
    for at, one in enumerate(boxes):
        assert not any(
            one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom
            for other in boxes[at + 1 :]
        )


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("end", range(4))
def test_a_way_never_runs_through_a_box(start, end):
    steps = [
        MapStep(f"{stage}{lane}{row}", "S", "act", stage, lane) for lane in "ab" for stage in STAGES for row in "01"
    ]
    edges = [
        MapEdge(f"{STAGES[start]}{a}", f"{STAGES[end]}{b}")
        for a in ("a0", "a1", "b0", "b1")
        for b in ("a0", "b1")
        if (start, a) != (end, b)
    ]
    layout = lay_out(steps, edges)
    for edge, route in zip(edges, layout.routes, strict=True):
        others = [box for key, box in layout.boxes.items() if key not in (edge.start, edge.end)]
        for (x0, y0), (x1, y1) in itertools.pairwise(route):
            for box in others:
                apart = (
                    max(x0, x1) <= box.x
                    or min(x0, x1) >= box.right
                    or max(y0, y1) <= box.y
                    or min(y0, y1) >= box.bottom
                )
                assert apart, (edge, route, box)


def test_the_picture_is_sound_markup_without_colours_scripts_or_styles(spec):
    svg = draw(map_steps(spec, names=NAMES, base="/workflows/demo/?"), map_edges(spec), label="Map of Demo")
    root = ElementTree.fromstring(svg)
    assert root.attrib["aria-label"] == "Map of Demo"
    assert "<b>" not in svg
    assert not re.search(r'style=|#[0-9a-f]{3,6}"|<script|onclick', svg)


def test_every_step_is_a_link_that_says_the_step_to_a_screen_reader(spec):
    svg = draw(map_steps(spec, names=NAMES, base="/w/?"), map_edges(spec), label="Map")
    links = {a.attrib["href"]: a.attrib["aria-label"] for a in ElementTree.fromstring(svg).iter("a")}
    assert links["/w/?step=welcome"] == (
        "Welcome. Send a message. Stage engage, owner Marketing ops, system E-mail, 3 guards, medium risk"
    )


def test_the_table_has_the_six_fields_in_words(spec):
    rows = {row.key: row for row in step_rows(spec, names=NAMES)}
    assert rows["record"].trigger == "Demo Requested where form id of the event is demo"
    assert rows["no-consent"].rule == "If consent for email is not granted"
    assert rows["pause"].action == "Wait 2 days, or until Meeting Booked"
    assert rows["route"].ways == ("A: size is more than 200", "B: everyone else")
    assert rows["welcome"].guards[1] == "consent for email must be granted"
    assert (rows["call"].system, rows["call"].owner, rows["call"].risk) == ("CRM", "Sales ops", "high")


def test_a_runs_path_is_lit(spec):
    path = [ENTRY, "record", "no-consent"]
    steps = with_marks(map_steps(spec, names=NAMES), marks={"no-consent": ("Stopped", "warn")}, lit=frozenset(path))
    svg = draw(steps, lit_edges(map_edges(spec), path), label="Map")
    assert svg.count("map-edge lit") == 2
    assert ">Stopped<" in svg
