"""What an analyst reads with the read-only role is what dashboards show, number by number."""

import math
import re
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from martechops.lib import clock
from martechops.people.models import User
from reporting.actions import readers
from reporting.attribution import BY_TOUCH, MODELS_BY_KEY, Journey, Touch
from reporting.metrics import Grain, Period, Question
from reporting.queries import attribution, contributions, dashboards, metrics, statements
from reporting.queries.dashboards import BOARDS, Asked, Cohort, Shown
from reporting.queries.statements import Part

from .test_metrics import busy  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db

#: What stands in an address, beside none.
FILTERS: dict[str, list[dict[str, str]]] = {
    "campaigns": [{}, {"campaign": "autumn-demo"}, {"channel": "email"}],
    "pipeline": [{}, {"campaign": "autumn-demo"}],
    "workflows": [{}, {"workflow": "demo-request-nurture"}],
    "teams": [{}, {"team": "marketing-ops"}],
}


class Analyst:
    """Reads with the rights of the role that the command makes, what the test has written and not committed."""

    def __init__(self) -> None:
        self.role = f"analyst_{connection.settings_dict['NAME']}".lower()[:60]
        readers.grant(name=self.role, by="tests", at=clock.now())

    def read(self, sql: str) -> list[tuple[Any, ...]]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {self.role}; SET LOCAL search_path = reporting")
            cursor.execute(sql)
            rows = list(cursor.fetchall())
            cursor.execute("RESET ROLE; SET LOCAL search_path TO DEFAULT")
        return rows


def same(read: float | None, shown: float | None) -> bool:
    """Nothing can be said of amounts of several currencies: the statement says NaN, the page that they are several."""
    if read is None or math.isnan(read):
        return shown is None
    return shown is not None and math.isclose(read, shown, rel_tol=1e-12, abs_tol=1e-12)


def check_part(part: Part, found: list[list[tuple[Any, ...]]], shown: Shown) -> int:
    """How many numbers of a part were compared."""
    if part.key in ("numbers", "before", "steps"):
        wanted = {
            "numbers": [tile.value for tile in shown.tiles],
            "before": [tile.former for tile in shown.tiles],
            "steps": [value for _, value in shown.steps],
        }[part.key]
        read = [rows[0][0] for rows in found]
        assert len(read) == len(wanted)
        assert all(map(same, read, wanted)), (part.key, read, wanted)
        return len(wanted)
    if part.key in ("trend", "trend-before"):
        assert shown.trend
        series = shown.trend.series if part.key == "trend" else shown.trend.former
        by_span = dict(found[0])
        assert all(same(by_span.pop(at, None), value) or (not value and at not in by_span) for at, value in series)
        assert not by_span
        return len(series)
    if part.key == "cohorts":
        return check_cohorts(found[0], shown.cohorts)
    cells = {(number, name or ""): value for number, rows in enumerate(found) for name, value in rows}
    lines = [(number, line.name, value) for line in shown.lines for number, value in enumerate(line.values)]
    for number, name, value in lines:
        read_value = cells.pop((number, name), None)
        assert same(read_value, value) or (read_value is None and not value), (part.key, name, read_value, value)
    assert not cells or len(shown.lines) == dashboards.MOST_LINES
    return len(lines)


def check_cohorts(rows: list[tuple[Any, ...]], cohorts: tuple[Cohort, ...]) -> int:
    began: dict[date, int] = {}
    for at, _, count in rows:
        began[at] = began.get(at, 0) + count
    assert began == {one.at: one.began for one in cohorts if one.began}
    for one in cohorts:
        for passed, share in enumerate(one.shares):
            if share is not None:
                reached = sum(count for at, n, count in rows if at == one.at and n is not None and n <= passed)
                assert same(reached / one.began, share)
    return len(cohorts)


@pytest.mark.requirement("F9")
def test_every_number_of_every_dashboard_is_what_the_read_only_role_reads(busy: Period) -> None:  # noqa: F811
    """A line of "it is done when": tiles, the time before, trends, steps, tables and cohorts, also filtered ones."""
    compared: dict[str, int] = {}
    analyst = Analyst()
    for key, choices in FILTERS.items():
        for filters in choices:
            asked = Asked(BOARDS[key], busy, Grain.MONTH, filters)
            shown, parts = dashboards.show(asked, today=busy.last), statements.of_board(asked)
            for part in parts:
                found = [analyst.read(one.sql) for one in part.statements]
                compared[part.key] = compared.get(part.key, 0) + check_part(part, found, shown)
    assert set(compared) == {"numbers", "before", "trend", "trend-before", "steps", "lines", "cohorts"}
    assert compared["numbers"] > 40


@pytest.mark.requirement("F7")
def test_every_shipped_metric_is_what_the_read_only_role_reads(busy: Period) -> None:  # noqa: F811
    known = metrics.catalog()
    analyst = Analyst()
    for key in known.metrics:
        whole, by_week = Question(key, busy), Question(key, busy, Grain.WEEK)
        (value,) = analyst.read(metrics.sql_of(whole, known=known))
        assert same(value[0], metrics.ask_one(whole, known=known).value), key
        read = analyst.read(metrics.sql_of(by_week, known=known))
        rows = metrics.ask_one(by_week, known=known).rows
        assert [at for at, _ in read] == [row.at for row in rows], key
        assert all(same(value, row.value) for (_, value), row in zip(read, rows, strict=True)), key


def divided(answer: attribution.Answer) -> dict[tuple[str, str], tuple[float, float]]:
    """What the page shows, by model and channel."""
    return {
        (model.key, line.channel): (owed.conversions, owed.value)
        for line in answer.lines
        for model, owed in line.by_model
        if owed.conversions
    }


@pytest.mark.requirement("F9")
@pytest.mark.parametrize("window", [7, 30, 90])
@pytest.mark.parametrize("of_one_goal", [False, True])
def test_attribution_is_what_the_read_only_role_reads(busy: Period, window: int, of_one_goal: bool) -> None:  # noqa: F811
    """Each model in the database, or the journeys that the others are computed of."""
    at = ZoneInfo(metrics.zone())
    since, until = (datetime.combine(day, time(), at) for day in (busy.since, busy.until))
    goal = attribution.goals()[0] if of_one_goal else ""
    asked = attribution.Asked(since=since, until=until, window=timedelta(days=window), goal=goal)
    is_kept = window == attribution.KEPT_DAYS
    shown = attribution.kept(asked, since=busy.since, until=busy.until) if is_kept else attribution.by_channel(asked)
    analyst = Analyst()
    read = {one.key: analyst.read(one.text) for one in attribution.in_sql(asked, since=busy.since, until=busy.until)}
    ((conversions, worth),) = read["conversions"]
    assert (conversions, worth) == (shown.conversions, shown.value)
    assert shown.conversions == shown.untouched + len(read["journeys"])
    in_database = {(model, channel): (float(n), float(value)) for model, channel, n, value in read["credits"]}
    models = {model for model, _ in in_database}
    assert models == ({model.key for model in BY_TOUCH} if is_kept else {"first", "last", "linear"})
    for (model, channel), owed in divided(shown).items():
        if model in models:
            assert owed == pytest.approx(in_database.pop((model, channel)), abs=1e-9), (model, channel)
    assert not any(n > 1e-9 for n, _ in in_database.values())
    journeys = [
        Journey(tuple(map(Touch, channels, map(float, days))), value=float(value))
        for _, _, value, channels, days in read["journeys"]
    ]
    last = MODELS_BY_KEY["last_non_direct"].credit(journeys)
    for channel, credit in last.items():
        assert credit.conversions == pytest.approx(divided(shown).get(("last_non_direct", channel), (0, 0))[0])


@pytest.mark.requirement("F9")
@pytest.mark.parametrize("by", contributions.BY)
def test_map_of_contributions_is_what_the_read_only_role_reads(busy: Period, by: str) -> None:  # noqa: F811
    drawn = contributions.look(contributions.Asked(busy, by))
    rows = Analyst().read(drawn.sql)
    assert rows
    for outcome in drawn.outcomes:
        of_outcome = [row for row in rows if row[:2] == (outcome.kind, outcome.name)]
        owed = sum(row[3] or 0.0 for row in of_outcome)
        assert owed == pytest.approx(sum(part.credit for part in drawn.parts if part.outcome == outcome))
        assert outcome.untouched == sum(row[4] for row in of_outcome)


def test_analyst_is_refused_raw_rows_and_finds_no_address_in_any_view(busy: Period) -> None:  # noqa: F811
    analyst = Analyst()
    for table in ("workflows_contact", "workflows_inboundevent", "reporting_contactfact", "people_user"):
        with pytest.raises(DatabaseError, match="permission denied"):
            analyst.read(f"SELECT 1 FROM public.{table}")
    views = analyst.read(
        "SELECT relname FROM pg_class WHERE relnamespace = 'reporting'::regnamespace AND relkind = 'v'"
    )
    assert len(views) >= 15
    for (view,) in views:
        addresses = analyst.read(f"SELECT 1 FROM reporting.{view} v WHERE v::text LIKE '%@%' LIMIT 1")
        assert not addresses, view


def test_page_offers_each_statement_to_be_copied_and_all_as_a_file(lived_in_world: None, client: Client) -> None:
    client.force_login(User.objects.get(username="ana"))
    board = client.get("/results/?days=7").content.decode()
    address = re.search(r'href="(/results/campaigns/sql/\?[^"#]+)"', board)
    assert address
    assert "#numbers-campaign-cost" in board, "a number without contacts leads to how it is counted"
    page = client.get(address[1].replace("&amp;", "&")).content.decode()
    for copied in re.findall(r'data-copy="([^"]+)"', page):
        assert f'id="{copied}"' in page
    assert 'id="numbers-campaign-cost"' in page
    script = client.get("/results/campaigns/numbers.sql", {"days": 7, "campaign": "a  b\r\n\n;DROP"}).content.decode()
    lines = script.split("\n")
    assert lines[0].endswith(", campaign a b ;DROP"), "a comment stays one"
    assert "'a  b\r\n\n;DROP'" in script, "a value stays what it is"
    assert "FROM reporting.daily m" in script
    for missing in ("/results/nothing/sql/", "/results/nothing/numbers.sql"):
        assert client.get(missing).status_code == 404
