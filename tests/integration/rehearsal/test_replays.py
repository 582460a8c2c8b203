"""The past, played once more: the same rules come to the same effects, and another rule to exactly its difference."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from workflows.actions import replays as asking
from workflows.connectors import CONNECTORS
from workflows.engine.replays import Cause, Tally
from workflows.models import Activation, Effect, InboundEvent, Replay, Version
from workflows.queries import replays
from workflows.rehearsal.replays import play_part

from . import living

NURTURE = "demo-request-nurture"


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every call of every connector, as it is made."""
    calls: list[str] = []
    for name, connector in CONNECTORS.items():
        perform = connector.perform

        def counted(request: object, name: str = name, perform: object = perform) -> object:
            calls.append(name)
            return perform(request)  # type: ignore[operator]

        monkeypatch.setattr(connector, "perform", counted)
    yield calls


def live(workflow: str = NURTURE) -> Version:
    return Activation.objects.get(workflow__key=workflow, until=None).version


def replayed(candidate: Version, *, days: int = living.DAYS + 1, contacts: int = 50) -> tuple[Replay, Tally]:
    replay = asking.start(candidate=candidate, days=days, by="test", at=datetime.now(UTC))
    while play_part(contacts=contacts):
        pass
    replay.refresh_from_db()
    assert (replay.state, replay.reason) == (Replay.State.DONE, "")
    return replay, replays.tally(replay)


@pytest.mark.django_db
@pytest.mark.requirement("G6")
def test_live_played_against_live_reproduces_the_ledger_and_calls_nobody(sink: list[str]) -> None:
    living.weeks(1_000)
    assert sink
    sink.clear()
    replay, tally = replayed(live())
    print(tally.counts, tally.exceptions, tally.fidelity)
    for one in replay.findings.all()[:10]:
        print(one.cause, one.verdict, one.workflow, one.step, one.says, "|", one.live, "|", one.recorded)
    assert tally.counts["recorded"] == Effect.objects.exclude(contact_id=None).count()
    assert tally.fidelity is not None and tally.fidelity >= 0.999
    assert tally.differences == 0
    assert sum(tally.exceptions.values()) - tally.exceptions["of no contact"] == replay.findings.filter(
        kind="exception").exclude(cause="of no contact").count()
    assert sink == []
