"""How fast events become decisions: against COPY of the same rows, by two workers and one, with and without trace."""

from dataclasses import dataclass, field

from martechops.bench.crew import Crew, Done, wal_position
from workflows.models import Effect, QueuedEvent, Run, Source, Trace

from . import storing, workload
from .figures import Report
from .sizes import Sizes

SECTION = "Advance: six steps, guards, full trace, stage history, two effects"


@dataclass(slots=True)
class Stock:
    """Where the seeded story of the bench has got to: no person comes twice."""

    source: Source
    seed: int
    next_person: int = 0
    payload_bytes: int = 0
    events: int = 0
    #: Write-ahead log of storing the events.
    stored_wal: list[float] = field(default_factory=list)

    def queue(self, count: int, report: Report) -> list[dict[str, object]]:
        """So many events that wait, half of them of people who are known."""
        first, self.next_person = self.next_person, self.next_person + count
        storing.know_half(seed=self.seed, first=first, count=count)
        messages = list(workload.messages(seed=self.seed, first=first, count=count))
        wal = wal_position()
        report.check("events stored", found=storing.queue(self.source, messages), expected=count)
        self.stored_wal.append((wal_position() - wal) / count)
        self.payload_bytes = workload.payload_bytes(messages[0])
        return messages


def measure(crew: Crew, stock: Stock, sizes: Sizes, report: Report) -> None:
    """Rounds of: COPY, two workers, one worker, two without trace."""
    count = sizes.events
    _warm(crew, stock, report)
    copies, conflicts, pairs, singles, untraced = [], [], [], [], []
    for number in range(sizes.rounds):
        report.say(f"  round {number + 1} of {sizes.rounds}")
        messages = stock.queue(count, report)
        texts = storing.floor_lines(messages)
        copies.append(count / storing.timed(lambda: storing.copy_floor(texts)))  # noqa: B023
        pairs.append(_advanced(crew, stock, "advance", workers=2, count=count, report=report))
        conflicts.append(count / storing.timed(lambda: storing.on_conflict_floor(texts)))  # noqa: B023
        stock.queue(count, report)
        untraced.append(_advanced(crew, stock, "advance-untraced", workers=2, count=count, report=report))
        stock.queue(count, report)
        singles.append(_advanced(crew, stock, "advance", workers=1, count=count, report=report))
    _tell(count, copies, conflicts, pairs, singles, untraced, stock, report)


def _warm(crew: Crew, stock: Stock, report: Report) -> None:
    """Compiled versions, plans, caches: a worker lives for weeks."""
    for _ in range(2):
        stock.queue(1_000, report)
        crew.tell("advance", workers=2)
    storing.settle_statistics()


def _advanced(crew: Crew, stock: Stock, word: str, *, workers: int, count: int, report: Report) -> Done:
    traced = 0 if word.endswith("untraced") else count
    before = (Run.objects.count(), Trace.objects.count(), Effect.objects.count())
    done = crew.tell(word, workers=workers)
    after = (Run.objects.count(), Trace.objects.count(), Effect.objects.count())
    names = ("runs", "traces", "effects planned")
    for name, was, now, more in zip(names, before, after, (count, traced, 2 * count), strict=True):
        report.check(f"{name} of {word}", found=now - was, expected=more)
    report.check("events left waiting", found=QueuedEvent.objects.count(), expected=0)
    report.check("effects withheld", found=Effect.objects.exclude(state__in=["planned", "done"]).count(), expected=0)
    return done


def _tell(
    count: int,
    copies: list[float],
    conflicts: list[float],
    pairs: list[Done],
    singles: list[Done],
    untraced: list[Done],
    stock: Stock,
    report: Report,
) -> None:
    def rates(rounds: list[Done]) -> list[float]:
        return [count / one.seconds for one in rounds]

    def by_effort(rounds: list[Done]) -> list[float]:
        return [count / (one.cpu_seconds + one.database_cpu_seconds) for one in rounds]

    def per_event(amount: float) -> float:
        return amount / count

    say, ratio = report.add, report.ratio
    say(SECTION, "floor: COPY of the same rows, 500 a transaction, one connection", copies, unit="/s")
    say(SECTION, "floor: INSERT ON CONFLICT of the same rows", conflicts, unit="/s")
    say(SECTION, "events with 2 workers", rates(pairs), unit="/s")
    say(SECTION, "events with 1 worker", rates(singles), unit="/s")
    ratio(SECTION, "2 workers ÷ COPY", rates(pairs), copies, at_least=0.20)
    ratio(SECTION, "1 worker ÷ COPY", rates(singles), copies)
    ratio(SECTION, "with the full trace ÷ without, by the clock", rates(pairs), rates(untraced))
    # The same is told by CPU, which is what both processors are busy with, and spreads by hundredths and not by tenths.
    ratio(SECTION, "with the full trace ÷ without", by_effort(pairs), by_effort(untraced), at_least=0.90)
    say(SECTION, "round trips an event, the last small batches included", [per_event(one.round_trips) for one in pairs])
    full = [one.round_trips_full / one.done_full for one in (*pairs, *singles) if one.done_full]
    say(SECTION, "round trips an event, at full batches", full or [1.0], at_most=0.05)
    python = [per_event(one.cpu_seconds * 1e6) for one in pairs]
    database = [per_event(one.database_cpu_seconds * 1e6) for one in pairs]
    say(SECTION, "CPU an event, Python", python, unit="µs")
    say(SECTION, "CPU an event, PostgreSQL", database, unit="µs")
    both = [one + other for one, other in zip(python, database, strict=True)]
    say(SECTION, "CPU an event, both", both, unit="µs", at_most=200)
    say(SECTION, "memory of a worker", [one.memory_mb for one in pairs], unit="MB", at_most=150)
    wal = [(per_event(one.wal_bytes) + stock.stored_wal[-1]) / stock.payload_bytes for one in pairs]
    say(SECTION, "write-ahead log ÷ payload, ingest and run together", wal, at_most=6)
