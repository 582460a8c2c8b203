"""Facts kept up equal facts made anew, to the row, whatever happened to what they are made of."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction

from martechops.people.actions import teams, users
from martechops.people.models import Role, User
from reporting.actions import projection, readers
from reporting.facts import FACTS
from reporting.models import (
    ContactFact,
    ConversionFact,
    Credit,
    DailyCredits,
    DailyDeals,
    DailyFigure,
    DailyPeople,
    DailyWays,
    Deal,
    MailFact,
    Projection,
    RunFact,
    SendFact,
    StageFact,
    StaleRow,
    TouchFact,
)
from tests.integration.admin.rows import make
from workflows.actions import merges
from workflows.models import (
    Assignment,
    Contact,
    Conversion,
    Effect,
    FieldChange,
    InboundEvent,
    Metric,
    NamingConvention,
    Run,
    Trace,
)

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
STAGES = ["lead", "mql", "sql", "customer"]


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All facts and rollups."""
    found = {fact.table: sorted(fact.model._default_manager.values_list(), key=repr) for fact in FACTS}
    daily = DailyFigure.objects.values_list("day", "figure", "campaign", "channel", "workflow_id", "count", "value")
    rollups = {
        model.__name__: sorted(
            model._default_manager.values_list(*[field.name for field in model._meta.fields if field.name != "id"]),
            key=repr,
        )
        for model in (Deal, DailyDeals, DailyPeople, DailyWays, Credit, DailyCredits)
    }
    return found | rollups | {"daily": sorted(daily, key=repr)}


def keep_up() -> None:
    while projection.turn(at=AT, most=7):
        pass


class History:
    """Things that happen to contacts, by dice that always fall the same."""

    def __init__(self, seed: int, ana: User) -> None:
        self.dice = random.Random(seed)
        self.ana = ana
        self.at = AT
        self.numbers = iter(range(1, 100_000))

    def go_on(self, steps: int) -> None:
        ways: list[Callable[[], None]] = [
            *(self.arrive, self.come_back, self.enter, self.send, self.settle_send, self.move, self.convert, self.end),
            *(
                self.tag_anew,
                self.mail,
                self.merge_two,
                self.try_and_fail,
                self.ask_for,
                self.fill_in_again,
                self.hand_over,
                self.assign,
            ),
        ]
        for _ in range(steps):
            self.at += timedelta(hours=self.dice.choice([1, 5, 13]))
            self.dice.choice(ways)()

    def contact(self) -> Contact | None:
        known = list(Contact.objects.order_by("pk"))
        return self.dice.choice(known) if known else None

    def arrive(self) -> None:
        campaign = self.dice.choice([None, "spring", "autumn"])
        medium = self.dice.choice([None, "email", "cpc", "webinar"])
        fields = {k: v for k, v in {"utm_campaign": campaign, "utm_medium": medium}.items() if v}
        Contact.objects.create(fields=fields, created_at=self.at, updated_at=self.at)

    def ask_for(self) -> None:
        if contact := self.contact():
            said = {"value": self.dice.choice([900, 1e300, "much"]), "deal_id": self.dice.choice(["d", "e", ""])}
            said |= self.dice.choice([{}, {"currency": "EUR"}, {"currency": "usd"}])
            self.event(contact, self.dice.choice(["Quote Requested", "Seen"]), {"properties": said})

    def assign(self) -> None:
        if run := Run.objects.exclude(contact_id=None).order_by("-pk").first():
            Assignment.objects.create(
                key=UUID(int=next(self.numbers)), run_id=run.pk, workflow_id=run.workflow_id, step="give",
                contact_id=run.contact_id, by="territory", person="sal", given_at=self.at,
            )  # fmt: skip

    def fill_in_again(self) -> None:
        if contact := self.contact():
            known = {"contact": {"found": "known"}}
            self.event(contact, "Demo Requested", {"properties": {"form_id": "demo"}}, detail=known)

    def event(self, contact: Contact, name: str, body: dict[str, Any], *, detail: Any = ()) -> None:
        number = next(self.numbers)
        event = InboundEvent.objects.create(
            key=UUID(int=number), source_id=1, message_id=str(number), type="track", name=name, occurred_at=self.at,
            received_at=self.at, lane=0, body_digest=UUID(int=number), body=body,
        )  # fmt: skip
        Trace.objects.create(contact_id=contact.pk, event_id=event.pk, at=self.at, detail=detail)

    def come_back(self) -> None:
        if contact := self.contact():
            tags = {"utm_source": self.dice.choice(["google", "linkedin"]), "utm_medium": "cpc"}
            page = {"url": "https://a.example/", "referrer": ""}
            self.event(contact, "Seen", self.dice.choice([{"properties": tags}, {"context": {"page": page}}, {}]))

    def mail(self) -> None:
        if contact := self.contact():
            self.event(contact, self.dice.choice(["Email Opened", "Email Delivered", "Unsubscribed"]), {})

    def enter(self) -> None:
        number, contact = next(self.numbers), self.contact()
        Run.objects.create(
            workflow_id=self.dice.choice([1, 2]), version_id=1, contact_id=contact and contact.pk,
            entry_key=str(number), state="waiting", entered_at=self.at, changed_at=self.at,
        )  # fmt: skip

    def end(self) -> None:
        if run := Run.objects.filter(state="waiting").order_by("pk").first():
            Run.objects.filter(pk=run.pk).update(state=self.dice.choice(["done", "failed"]), ended_at=self.at)

    def send(self) -> None:
        if run := Run.objects.order_by("-pk").first():
            Effect.objects.create(
                key=UUID(int=next(self.numbers)), workflow_id=run.workflow_id, version_id=1, run_id=run.pk,
                contact_id=run.contact_id, step="welcome", kind=self.dice.choice(["send_message", "create_task"]),
                system="email", payload={"template": "welcome", "channel": "email"}, state="planned",
                not_before=self.at, planned_at=self.at,
            )  # fmt: skip

    def hand_over(self) -> None:
        if run := Run.objects.order_by("-pk").first():
            number = next(self.numbers)
            Effect.objects.create(
                key=UUID(int=number), workflow_id=run.workflow_id, version_id=1, run_id=run.pk,
                contact_id=run.contact_id, step="call", kind="create_task", system="crm", payload={}, state="planned",
                not_before=self.at, planned_at=self.at,
            )  # fmt: skip
            Effect.objects.filter(key=UUID(int=number)).update(state="done", ended_at=self.at)

    def settle_send(self) -> None:
        """Any state after any other, also back to where it was: people let failed ones go again."""
        if effect := Effect.objects.order_by("-pk").first():
            state = self.dice.choice(["planned", "reserved", "done", "failed", "suppressed", "cancelled"])
            Effect.objects.filter(pk=effect.pk).update(state=state, ended_at=self.at)

    def move(self) -> None:
        if contact := self.contact():
            old, new = contact.lifecycle_stage, self.dice.choice(STAGES)
            Contact.objects.filter(pk=contact.pk).update(lifecycle_stage=new)
            FieldChange.objects.create(
                contact_id=contact.pk, at=self.at, field="lifecycle_stage", old=old, new=new, writer="crm"
            )

    def convert(self) -> None:
        if contact := self.contact():
            Conversion.objects.create(
                key=UUID(int=next(self.numbers)), name="demo", contact_id=contact.pk, workflow_id=1, run_id=1,
                campaign=self.dice.choice(["", "spring"]), value=self.dice.choice([None, 12.5, 0.1, 1e300]), at=self.at,
            )  # fmt: skip

    def tag_anew(self) -> None:
        if contact := self.contact():
            contact.fields = {"utm_campaign": self.dice.choice(["spring", "winter"]), "utm_medium": "email"}
            contact.save()

    def merge_two(self) -> None:
        contacts = list(Contact.objects.order_by("pk")[:2])
        if len(contacts) == 2:
            done = merges.merge(kept_id=contacts[0].pk, gone_id=contacts[1].pk, by=self.ana, at=self.at)
            if self.dice.random() < 0.5:
                merges.undo(done, by=self.ana, at=self.at)

    def try_and_fail(self) -> None:
        """What is rolled back was never there."""
        with transaction.atomic():
            self.arrive()
            self.convert()
            transaction.set_rollback(True)


@pytest.fixture
def ana(db: None) -> User:
    team = teams.add(key="marketing-ops", name="Marketing ops", duty="", by="tests", at=AT)
    for begun, reached in (("lead", "mql"), ("mql", "customer"), ("sql", "sql")):
        ends = [{"measure": "stage_contacts", "where": {"to_stage": stage}} for stage in (begun, reached)]
        Metric.objects.create(
            key=f"{begun}-{reached}", name="Way", meaning="m", owner=team, type="conversion",
            formula={"base": ends[0], "to": ends[1], "window": "90 days"},
        )  # fmt: skip
    return users.add(username="ana", password=None, roles=[Role.ADMIN], teams=[team], by="tests", at=AT)


@pytest.mark.requirement("F6")
@pytest.mark.parametrize(("seed", "steps"), [(0, 55), (1, 25), (2, 25), (3, 25)])
def test_facts_kept_up_equal_facts_made_anew(seed: int, steps: int, ana: User) -> None:
    history = History(seed, ana)
    projection.rebuild(at=AT)
    for _ in range(6):
        history.go_on(steps)
        keep_up()
    kept = everything()
    assert all(kept.values())
    projection.rebuild(at=AT)
    assert everything() == kept


def test_daily_figures_are_counts_of_facts(ana: User) -> None:
    History(7, ana).go_on(120)
    keep_up()
    counted = {}
    for day, figure, campaign, channel, workflow, count, value in everything()["daily"]:
        counted[day, figure, campaign, channel, workflow] = (count, value)
    leads = ContactFact.objects.values_list("created_at", "campaign", "channel")
    by_hand: dict[tuple[Any, ...], int] = {}
    for created, campaign, channel in leads:
        key = (created.date(), "leads", campaign, channel, 0)
        by_hand[key] = by_hand.get(key, 0) + 1
    assert {key: count for key, (count, _) in counted.items() if key[1] == "leads"} == by_hand
    worth = sum(fact.value or 0 for fact in ConversionFact.objects.all())
    assert sum(value for key, (_, value) in counted.items() if key[1] == "conversions") == worth
    assert sum(count for key, (count, _) in counted.items() if key[1].startswith("send ")) == SendFact.objects.count()
    ended = RunFact.objects.exclude(ended_at=None).count()
    assert sum(count for key, (count, _) in counted.items() if key[1].startswith("run ")) == (
        RunFact.objects.count() + ended
    )


def fields(**given: str) -> ContactFact:
    contact = Contact.objects.create(fields=given, created_at=AT, updated_at=AT)
    keep_up()
    return ContactFact.objects.get(pk=contact.pk)


@pytest.mark.parametrize(
    ("source", "medium", "channel"),
    [
        ("google", "cpc", "paid-search"),
        ("Google", "CPC", "paid-search"),
        ("linkedin", "cpc", "paid-social"),
        ("some-network", "cpc", "ads"),
        ("newsletter", "", "email"),
        ("crm", "Email", "email"),
        ("www.google.de", "referral", "organic-search"),
        ("m.facebook.com", "referral", "organic-social"),
        ("partner.example", "referral", "referral"),
        ("x", "carrier-pigeon", "other"),
        ("", "", ""),
    ],
)
def test_channel_follows_source_and_medium(db: None, source: str, medium: str, channel: str) -> None:
    assert fields(utm_source=source, utm_medium=medium).channel == channel


def test_label_of_the_naming_convention_is_the_channel_and_a_new_one_makes_facts_anew(db: None) -> None:
    assert fields(utm_medium="fair").channel == "other"
    parts = [{"part": "year", "pattern": "20[0-9]{2}"}, {"part": "channel", "values": ["fair", "100%'s"]}]
    make(NamingConvention, subject="campaign", parts=parts)
    assert fields(utm_medium="Fair").channel == "fair"
    assert set(ContactFact.objects.values_list("channel", flat=True)) == {"fair"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"context": {"campaign": {"source": "li", "medium": "social", "name": "q4"}}}, ("li", "organic-social", "q4")),
        ({"properties": {"utm_medium": "email", "utm_campaign": "q4"}}, ("", "email", "q4")),
        (
            {"context": {"page": {"url": "https://www.shop.example/a", "referrer": "https://duckduckgo.com/?q=1"}}},
            ("duckduckgo.com", "organic-search", ""),
        ),
        ({"context": {"page": {"url": "https://shop.example/", "referrer": ""}}}, ("(direct)", "direct", "")),
        ({"context": {"page": {"url": "https://www.shop.example/b", "referrer": "https://shop.example/a"}}}, None),
        ({"properties": {"page_url": "https://shop.example/b"}}, None),
        ({"properties": {"plan": "pro"}}, None),
        ({"properties": {"utm_source": "a\0b"}}, None),
    ],
)
def test_touch_is_tagged_referred_or_direct(
    db: None, body: dict[str, Any], expected: tuple[str, str, str] | None
) -> None:
    contact = Contact.objects.create(created_at=AT, updated_at=AT)
    event = make(InboundEvent, occurred_at=AT)
    with connection.cursor() as cursor:  # to the letter, as COPY writes it
        cursor.execute("UPDATE workflows_inboundevent SET body = %s::json WHERE id = %s", [json.dumps(body), event.pk])
    Trace.objects.create(contact_id=contact.pk, event_id=event.pk, at=AT, detail=[])
    keep_up()
    found = TouchFact.objects.values_list("source", "channel", "campaign").first()
    assert found == expected


def test_each_kind_of_raw_row_has_its_fact(ana: User) -> None:
    History(3, ana).go_on(150)
    keep_up()
    assert TouchFact.objects.exists()
    assert MailFact.objects.filter(outcome="opened").exists()
    assert StageFact.objects.filter(to_stage="mql").exists()
    assert SendFact.objects.count() == (
        Effect.objects.filter(kind="send_message").exclude(state__in=["planned", "held", "reserved"]).count()
    )
    assert not StaleRow.objects.exists()


def test_turn_that_fails_leaves_notes_and_facts_as_they_were(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_up()
    projection.turn(at=AT)
    Contact.objects.create(created_at=AT, updated_at=AT)

    def fail(cursor: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(projection, "_forget_empty_cells", fail)
    with pytest.raises(DatabaseError):
        projection.turn(at=AT)
    assert StaleRow.objects.count() == 1
    assert not ContactFact.objects.exists()
    monkeypatch.undo()
    keep_up()
    assert ContactFact.objects.count() == 1


def test_turn_asks_the_same_few_questions_however_many_rows_are_stale(
    db: None, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    keep_up()
    for _ in range(50):
        Contact.objects.create(created_at=AT, updated_at=AT)
    with django_assert_max_num_queries(24):
        assert projection.turn(at=AT) == 50


def test_way_that_a_new_metric_asks_about_is_added_up_at_once(ana: User) -> None:
    History(5, ana).go_on(120)
    Metric.objects.exclude(key="mql-customer").delete()
    projection.rebuild(at=AT)
    assert set(DailyWays.objects.values_list("from_stage", "to_stage")) == {("mql", "customer")}
    row = Metric.objects.get()
    row.pk, row.key = None, "mql-sql"
    row.formula = {**row.formula, "to": {"measure": "stage_contacts", "where": {"to_stage": "sql"}}}
    row.save()
    keep_up()
    assert set(DailyWays.objects.values_list("from_stage", "to_stage")) == {("mql", "customer"), ("mql", "sql")}
    kept = everything()
    projection.rebuild(at=AT)
    assert everything() == kept


def test_rules_that_made_the_facts_are_kept(db: None) -> None:
    keep_up()
    first = Projection.objects.get()
    projection.turn(at=AT + timedelta(days=1))
    assert Projection.objects.get().rebuilt_at == first.rebuilt_at
    Projection.objects.update(basis="other rules")
    projection.turn(at=AT + timedelta(days=1))
    assert Projection.objects.get().rebuilt_at == AT + timedelta(days=1)


VIEWS = [
    *("contacts", "touches", "mail_outcomes", "stage_changes", "conversions", "sends", "runs", "daily"),
    *("daily_people", "daily_ways", "daily_deals"),
    *("daily_deal_credits", "daily_conversion_credits", "conversion_credits"),
    *("deals", "deal_credits", "routings", "approvals", "duplicates_prevented", "campaigns", "workflows"),
    "withheld",
]


@pytest.fixture
def reader(transactional_db: None, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A session of the role that the command makes."""
    name = f"reader_{connection.settings_dict['NAME']}".lower()[:60]
    call_command("reporting_role", "--name", name)
    assert len(capsys.readouterr().out.strip()) >= 20
    call_command("reporting_role", "--name", name)  # another password, the same role
    session = connections.create_connection("default")
    session.settings_dict = {**connection.settings_dict, "USER": name, "OPTIONS": {}}
    yield session
    session.close()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {name}")
        cursor.execute(f"DROP ROLE {name}")


def test_reader_reads_the_views_and_nothing_else(reader: Any) -> None:
    fields(utm_campaign="spring")
    with reader.cursor() as cursor:
        cursor.execute("SELECT campaign, count FROM reporting.daily WHERE figure = 'leads'")
        assert cursor.fetchall() == [("spring", 1)]
        for view in VIEWS:
            cursor.execute(f"SELECT * FROM {view}")
        for refused in (
            "SELECT * FROM public.workflows_contact",
            "SELECT * FROM public.reporting_contactfact",
            "SELECT * FROM public.people_user",
            "CREATE TABLE public.mine (id int)",
            "CREATE VIEW reporting.mine AS SELECT 1",
        ):
            with pytest.raises(DatabaseError):
                cursor.execute(refused)


def test_reader_cannot_stop_the_work_nor_keep_anything(reader: Any) -> None:
    """Who may sign in may set away what protects only from mistakes: rights have to hold without it."""
    with reader.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off; SET statement_timeout = 0")
        for refused in (
            "SELECT pg_advisory_lock(7201910)",
            "SELECT pg_try_advisory_lock(1, 0)",
            "SELECT pg_try_advisory_xact_lock_shared(1, 0)",
            "SELECT lo_from_bytea(0, 'kept')",
            "CREATE TEMP TABLE mine AS SELECT 1",
            "CREATE TABLE reporting.mine (id int)",
            "SELECT pg_read_file('/etc/passwd')",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user",
            "SELECT rolpassword FROM pg_authid",
            "LOCK TABLE reporting.daily IN ACCESS EXCLUSIVE MODE",
            f"SET ROLE {connection.settings_dict['USER'] or 'martechops'}",
            "INSERT INTO reporting.runs SELECT * FROM reporting.runs",
            "ALTER ROLE CURRENT_USER CONNECTION LIMIT -1",
        ):
            with pytest.raises(DatabaseError):
                cursor.execute(refused)
        cursor.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (readers.SESSIONS,)


def test_reader_that_stays_too_long_is_ended(reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MOST_MINUTES", 0)
    reader.set_autocommit(False)
    with reader.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT count(*) FROM reporting.daily")
        assert readers.end_overdue() == 1
        with pytest.raises(DatabaseError):
            cursor.execute("SELECT 1")
    assert readers.end_overdue() == 0


def test_every_view_and_column_says_what_it_means(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname, a.attname, obj_description(c.oid), col_description(c.oid, a.attnum)
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relnamespace = 'reporting'::regnamespace
            """
        )
        rows = cursor.fetchall()
    assert {name for name, *_ in rows} == set(VIEWS)
    assert [row for row in rows if not row[2] or not row[3]] == []
