"""Whose lead it is: territory, round robin, capacity and account owner, with time-out and somebody else."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.conditions import compile_condition
from workflows.engine.rosters import Desk, Member, NobodyFree, Roster, Territory, turn
from workflows.engine.snapshot import Cause

from .stories import AT, CATALOG, act, decide_again, enter, step, workflow

ANA, BEN, CY = Member("ana", crm_id="005A"), Member("ben", capacity=2), Member("cy", capacity=4)
ROSTER = Roster(
    "inbound",
    (ANA, BEN, CY),
    (
        Territory("dach", compile_condition({"contact.country": {"$in": ["DE", "AT", "CH"]}}), ("ana", "ben")),
        Territory("rest", compile_condition({"contact.country": {"$exists": True}}), ("cy",)),
    ),
)
CATALOG_WITH_ROSTER = replace(CATALOG, rosters={"inbound": ROSTER})
MARK = act("mark", "set_field", field="hot", value=True)


def give(by: str, *, desks: Mapping[str, Desk] | None = None, tried: tuple[str, ...] = (), country: str = "DE") -> str:
    facts = {"contact": {"country": country}}
    return turn(by, roster=ROSTER, desks=desks or {}, facts=facts, tried=tried).member.key


@pytest.mark.requirement("A9")
@pytest.mark.parametrize(
    ("by", "desk", "owner"),
    [
        ("round_robin", Desk(), "ana"),
        ("round_robin", Desk(last="ana"), "ben"),
        ("round_robin", Desk(last="cy"), "ana"),
        ("round_robin", Desk(last="somebody who left"), "ana"),
        ("round_robin", Desk(last="ana", open={"ben": 2}), "cy"),  # ben is full
        ("capacity", Desk(open={"ana": 9, "ben": 1, "cy": 1}), "ana"),  # nobody said how many ana can take
        ("capacity", Desk(open={"ana": 0}), "ben"),
        ("territory", Desk(), "ana"),
    ],
)
def test_turns(by: str, desk: Desk, owner: str) -> None:
    if by == "capacity":
        desk = replace(desk, last="ana") if not desk.open.get("ana") else desk
    assert give(by, desks={"inbound": desk}) == owner


def test_territory_has_turns_of_its_own() -> None:
    desks = {"inbound": Desk(last="cy"), "inbound/dach": Desk(last="ana")}
    assert [give("territory", desks=desks, country=country) for country in ("AT", "FR")] == ["ben", "cy"]
    with pytest.raises(NobodyFree, match="no territory of inbound fits"):
        turn("territory", roster=ROSTER, desks={}, facts={"contact": {}})


def test_nobody_free_says_why_for_each() -> None:
    with pytest.raises(NobodyFree) as refused:
        give("round_robin", desks={"inbound": Desk(open={"ben": 2})}, tried=("ana", "cy"))
    assert str(refused.value) == (
        "nobody of queue inbound is free: ana did not take it, ben has 2 of at most 2, cy did not take it"
    )


@given(away=st.sets(st.integers(0, 5), max_size=5), count=st.integers(1, 60))
def test_turns_are_fair(away: set[int], count: int) -> None:
    """However many are away, nobody present has two more than anybody else present."""
    roster = Roster("q", tuple(Member(f"m{i}", away=i in away) for i in range(6)))
    desk, given_to = Desk(), Counter[str]()
    for _ in range(count):
        chosen = turn("round_robin", roster=roster, desks={"q": desk}, facts={}).member.key
        desk = Desk(last=chosen)
        given_to[chosen] += 1
    counts = [given_to[f"m{i}"] for i in range(6) if i not in away]
    assert max(counts) - min(counts) <= 1
    assert sum(counts) == count


@given(loads=st.lists(st.integers(0, 5), min_size=3, max_size=3))
def test_capacity_goes_to_the_least_taken_and_never_over(loads: list[int]) -> None:
    members = tuple(Member(f"m{i}", capacity=3) for i in range(3))
    desk = Desk(open={f"m{i}": load for i, load in enumerate(loads)})
    try:
        chosen = turn("capacity", roster=Roster("q", members), desks={"q": desk}, facts={}).member.key
    except NobodyFree:
        assert min(loads) >= 3
    else:
        assert desk.open[chosen] == min(loads) < 3


def assign(**arguments: object) -> dict[str, object]:
    return act("assign", "assign_owner", **arguments)


def test_owner_is_planned_told_to_the_crm_and_seen_by_later_steps() -> None:
    spec = workflow(assign(by="round_robin", queue="inbound"), act("task", "create_task", queue="q", title="Call"))
    decision = enter(spec, {}, catalog=CATALOG_WITH_ROSTER)
    assignment = decision.assignments[0]
    assert (assignment.owner, assignment.desk, assignment.due_at) == ("ana", "inbound", None)
    told, task = decision.effects
    assert (told.kind, told.payload["fields"], task.payload["owner"]) == ("upsert_record", {"owner": "005A"}, "ana")


def test_owner_who_does_not_take_it_in_time_loses_it_to_the_next() -> None:
    spec = workflow(assign(by="round_robin", queue="inbound", timeout="2 business hours", **{"else": "end"}), MARK)
    first = enter(spec, {}, catalog=CATALOG_WITH_ROSTER)
    assert (first.state, first.due_at) == ("waiting", AT + timedelta(hours=2))  # Friday from three to five
    taken = Cause("answer", answer="accepted", by="ana", tried=("ana",))
    decision = decide_again(spec, {}, waiting_at="assign", cause=taken, catalog=CATALOG_WITH_ROSTER)
    assert (decision.state, [write.field for write in decision.writes]) == ("done", ["hot"])
    late = Cause("timer", tried=("ana",))
    second = decide_again(spec, {}, waiting_at="assign", cause=late, catalog=CATALOG_WITH_ROSTER)
    assert (second.state, second.assignments[0].owner, second.assignments[0].number) == ("waiting", "ben", 2)
    assert second.effects[0].key != first.effects[0].key
    nobody = Cause("timer", tried=("ana", "ben", "cy"))
    ended = decide_again(spec, {}, waiting_at="assign", cause=nobody, catalog=CATALOG_WITH_ROSTER)
    assert (ended.state, ended.assignments) == ("done", ())


def test_lead_that_nobody_can_own_fails_the_run_for_all_to_see() -> None:
    decision = enter(workflow(assign(by="account_owner")), {})
    assert (decision.state, decision.reason) == ("failed", "step assign cannot be done: the account has no owner")
    found = enter(workflow(assign(by="account_owner")), {"account_owner": "ben"})
    assert (found.assignments[0].owner, found.assignments[0].desk) == ("ben", None)
    unknown = enter(workflow(assign(by="round_robin", queue="nowhere")), {})
    assert "there is no queue nowhere" in unknown.reason


def test_withheld_assignment_gives_nobody_the_lead() -> None:
    spec = workflow(assign(by="round_robin", queue="inbound") | {"guards": {"require": ["contact.phone"]}})
    decision = enter(spec, {}, catalog=CATALOG_WITH_ROSTER)
    assert (decision.assignments, step(decision, "assign").outcome) == ((), "withheld")
