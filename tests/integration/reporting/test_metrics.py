"""Metrics by their definitions: equal, to the row, to what plain loops over raw rows count."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from campaigns.demo import stream
from campaigns.models import ApprovalRequest, Campaign
from martechops.lib import clock
from martechops.people.models import Team, User
from reporting import compile
from reporting.actions import projection
from reporting.compile import rolled
from reporting.metrics import BadQuestion, Grain, Period, Question
from reporting.models import ContactFact, DailyFigure
from reporting.queries import metrics
from tests.fixtures import lived_in
from workflows.actions import inbound
from workflows.models import Contact, Conversion, Effect, EventType, Metric, Run, Source, WorkCalendar

from .brute_force import EXPECTED, World

pytestmark = pytest.mark.django_db


MAILS = [
    *["Email Delivered"] * 5,
    *("Email Bounced", "Email Opened", "Email Opened", "Email Clicked", "Email Complained", "Unsubscribed"),
]


@pytest.fixture
def busy(lived_in_world: None) -> Period:
    """A world with a stream of leads, mail outcomes, deals and answered approvals in it, made into facts."""
    now = clock.now()
    source = Source.objects.get(key="demo-site")
    told = [dict(one.body) for one in stream.stream(60, 7)]
    inbound.receive(source=source, messages=told, received_at=now, sent_at=None)
    lived_in.settle()
    _mails_and_deals(source, now)
    lived_in.settle()
    _campaigns_and_approvals(now)
    run = Run.objects.exclude(contact_id=None).order_by("pk")[0]
    later = run.entered_at + timedelta(hours=5)
    Effect.objects.filter(kind="create_task").update(state="done", run_id=run.pk, ended_at=later)
    _gone_wrong(now)
    while projection.turn(at=now):
        pass
    today = now.date()
    return Period(today - timedelta(days=400), today + timedelta(days=2))


def _gone_wrong(now: datetime) -> None:
    """A run that failed, a message withheld for an empty field, a goal's worth."""
    Run.objects.filter(pk=Run.objects.order_by("-pk")[0].pk).update(state="failed")
    Conversion.objects.filter(value=None).update(value=12.5)
    sent = Effect.objects.filter(kind="send_message", state="done").exclude(contact_id=None).order_by("pk")[0]
    sent.pk, sent.key, sent.once_key = None, uuid4(), None
    sent.state, sent.reason = "suppressed", "company is missing"
    sent.save()


def _mails_and_deals(source: Source, now: datetime) -> None:
    team = Team.objects.get(key="analytics")
    for name in set(MAILS) - {"Unsubscribed"}:
        EventType.objects.create(name=name, meaning="Told by the mail provider.", owner=team, status="draft")
    emails = list(Contact.objects.exclude(email=None).order_by("pk").values_list("email", flat=True)[:6])
    messages = [
        {"type": "track", "event": name, "messageId": f"mail-{number}", "userId": emails[number % 5],
         "timestamp": (now - timedelta(hours=number)).isoformat(), "properties": {"email": emails[number % 5]}}
        for number, name in enumerate(MAILS)
    ]  # fmt: skip
    deals = [(0, "Meeting Booked", 1_000, "d1"), (0, "Trial Started", 1_500.5, "d1"), (1, "Meeting Booked", 700, ""),
             (0, "Purchase Completed", 900, "d2")]  # fmt: skip
    messages += [
        {"type": "track", "event": name, "messageId": f"deal-{number}", "userId": emails[who],
         "timestamp": (now + timedelta(seconds=number)).isoformat(),
         "properties": {"email": emails[who], "value": value, "currency": "EUR", **({"deal_id": deal} if deal else {})}}
        for number, (who, name, value, deal) in enumerate(deals)
    ]  # fmt: skip
    inbound.receive(source=source, messages=messages, received_at=now, sent_at=None)


def _campaigns_and_approvals(now: datetime) -> None:
    Campaign.objects.update(budget=1_200, started_at=now - timedelta(days=3))
    ana, team = User.objects.get(username="ana"), Team.objects.get(key="marketing-ops")
    for number, (state, hours) in enumerate([("approved", 3), ("refused", 8), ("open", None), ("expired", 2)]):
        ApprovalRequest.objects.create(
            subject_kind="release", subject_key=str(number), label="", address="", owner=team, manifest={}, digest="",
            sections={}, risk="low", state=state, requested_by=ana, requested_at=now - timedelta(days=1),
            expires_at=now, closed_at=None if hours is None else now - timedelta(days=1) + timedelta(hours=hours),
        )  # fmt: skip


def instants(period: Period, zone: str = "UTC") -> tuple[datetime, datetime]:
    since, until = (datetime.combine(day, datetime.min.time(), ZoneInfo(zone)) for day in (period.since, period.until))
    return since, until


@pytest.mark.requirement("F7")
def test_every_shipped_metric_equals_a_count_of_raw_rows(busy: Period) -> None:
    known = metrics.catalog()
    assert set(known.metrics) == set(EXPECTED)
    wholes = [Question(key, busy) for key in EXPECTED]
    days = Period(busy.until - timedelta(days=4), busy.until)
    found = metrics.ask([*wholes, *(Question(key, days) for key in EXPECTED)], known=known)
    wanted = {
        (key, period): count(World(*instants(period))) for period in (busy, days) for key, count in EXPECTED.items()
    }
    for answer in found:
        expected = wanted[answer.question.metric, answer.question.period]
        assert answer.value == (None if expected is None else pytest.approx(expected, abs=1e-9)), answer.metric.key
    nothing = {key for key in EXPECTED if not wanted[key, busy]}
    assert not nothing, "the world has to have some of everything"
    assert all(answer.metric.version == 1 and len(answer.metric.digest) == 64 for answer in found)


def test_spans_and_groups_add_up_to_the_whole(busy: Period) -> None:
    """Counts and sums do; and every row of a series is that of a question about its span alone."""
    for key in ("leads", "conversions", "qualified-pipeline", "messages-sent", "duplicates-prevented"):
        whole, by_week, by_campaign = metrics.ask(
            [Question(key, busy), Question(key, busy, Grain.WEEK), Question(key, busy, by=("campaign",))]
        )
        assert sum(row.value or 0 for row in by_week.rows) == pytest.approx(whole.value)
        assert sum(row.value or 0 for row in by_campaign.rows) == pytest.approx(whole.value)
        assert sum(value or 0 for _, value in by_week.series) == pytest.approx(whole.value)
    days = [
        Period(day, day + timedelta(days=1))
        for day in Period(busy.until - timedelta(days=6), busy.until).buckets(Grain.DAY)
    ]
    for key in ("lead-to-mql", "conversion-rate", "leads-together", "open-rate"):
        series = metrics.ask_one(Question(key, Period(days[0].since, busy.until), Grain.DAY)).series
        alone = metrics.ask([Question(key, day) for day in days])
        assert [value for _, value in series] == [pytest.approx(one.value) for one in alone]


@pytest.mark.requirement("F9")
def test_rollups_and_facts_say_the_same(busy: Period) -> None:
    known = metrics.catalog()
    questions = [
        Question(key, busy, grain, by, where)
        for key in EXPECTED
        for grain, by, where in (
            (None, (), {}),
            (Grain.WEEK, (), {}),
            (Grain.MONTH, ("campaign",), {}),
            (Grain.DAY, ("channel", "campaign.owner"), {"!campaign": ("autumn-demo",)}),
        )
        if known.can_tell(key, *by, *(name.removeprefix("!") for name in where))
    ]
    assert known.ways is not None
    assert ("lead", "mql") in known.ways
    plain = replace(known, ways=None)
    for quick, counted in zip(metrics.ask(questions, known=known), metrics.ask(questions, known=plain), strict=True):
        told = [(row.at, row.by, row.currency, row.value) for row in quick.rows]
        assert told == [
            (row.at, row.by, row.currency, row.value if row.value is None else pytest.approx(row.value, rel=1e-12))
            for row in counted.rows
        ], quick.question
    statement = compile.statement([known.plan(question) for question in questions], zone="UTC", ways=known.ways).text
    assert all(f"reporting.{view} m" in statement for view in rolled.DIMENSIONS)


def test_days_are_those_of_the_workspace(demo_of_monday: None) -> None:
    """Late on the first in UTC is the second in Tokyo, for facts and daily figures alike."""
    team = Team.objects.get(key="analytics")
    WorkCalendar.objects.update_or_create(pk=1, defaults={"timezone": "Asia/Tokyo", "owner": team})
    at = datetime(2026, 11, 1, 20, tzinfo=UTC)
    Contact.objects.create(created_at=at, updated_at=at, fields={})
    projection.rebuild(at=at)
    assert DailyFigure.objects.get(figure="leads").day == date(2026, 11, 2)
    second = Period(date(2026, 11, 2), date(2026, 11, 3))
    found = metrics.ask([Question("leads", second), Question("leads", second, by=("source",))])
    assert [answer.value for answer in found] == [1, 1]


def test_filters_are_never_part_of_the_statement(demo_of_monday: None) -> None:
    odd = "'; DROP TABLE x; --%(p0)s"
    period = Period(date(2026, 11, 1), date(2026, 11, 3))
    question = Question("leads", period, where={"campaign": (odd,), "!contact.stage": ("lead",)})
    with pytest.raises(BadQuestion, match=r"contact\.stage"):
        metrics.ask([question])
    plan = metrics.catalog().plan(Question("leads", period, where={"campaign": (odd,), "!source": (odd,)}))
    made = compile.statement([plan], zone="UTC")
    assert "DROP" not in made.text
    assert odd in made.values.values()
    assert metrics.ask_one(plan.question).value == 0


@pytest.mark.parametrize(
    ("said", "part", "words"),
    [
        ({"metric": "happiness"}, "metric", "no metric happiness"),
        ({"by": ("workflow",)}, "by", "cannot be told apart by workflow"),
        ({"by": ("campaign",) * 2}, "by", "once"),
        ({"where": {"stage": ("\0",)}}, "where", "characters"),
        ({"period": Period(date(2026, 1, 2), date(2026, 1, 2))}, "to", "before it begins"),
        ({"period": Period(date(1990, 1, 1), date(2026, 1, 2))}, "from", "At most"),
    ],
)
def test_question_without_an_answer_says_which_part_of_it(
    demo_of_monday: None, said: dict[str, object], part: str, words: str
) -> None:
    given = {"metric": "leads", "period": Period(date(2026, 11, 1), date(2026, 11, 3))} | said
    with pytest.raises(BadQuestion, match=words) as refused:
        metrics.ask([Question(**given)])  # type: ignore[arg-type]
    assert refused.value.name == part


def test_each_number_says_by_which_versions_it_was_counted(demo_of_monday: None) -> None:
    found = metrics.ask_one(Question("cost-per-lead", Period(date(2026, 11, 1), date(2026, 11, 3))))
    assert [one.key for one in found.rests_on] == ["cost-per-lead", "campaign-cost", "leads"]
    assert found.value is None
    assert ContactFact.objects.count() == 0
    before = found.digest
    Metric.objects.filter(key="leads").delete()
    with pytest.raises(BadQuestion, match="no metric leads"):
        metrics.ask([found.question])
    assert len(before) == 64


def test_reader_of_the_views_can_run_what_a_page_shows(busy: Period) -> None:
    """The statement holds nothing but documented views and plain values."""
    text = metrics.sql_of(Question("conversion-rate", busy, Grain.MONTH, ("channel",)))
    assert not [word for word in ("reporting_", "workflows_", "%(") if word in text]
    with connection.cursor() as cursor:
        cursor.execute(text)
        assert cursor.fetchall()
