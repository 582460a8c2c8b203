"""How much is measured, and how often: the long form for a report, the quick one for a look while working."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rounds are subject and yardstick in turn."""

    rounds: int
    #: Events a round of advance, and of COPY.
    events: int
    #: Requests a round of ingest, by how many events each carries.
    requests: dict[int, int]
    #: Effects a round of delivery.
    effects: int
    #: Seconds of each end-to-end run.
    seconds: int
    #: Tasks a round of the one-task-per-event version.
    tasks: int
    #: Events (and a twentieth as many contacts) that are stored beforehand for the figure with much stored.
    stored: int


LONG = Sizes(
    rounds=5,
    events=12_000,
    requests={1: 6_000, 10: 2_000, 100: 300},
    effects=4_000,
    seconds=20,
    tasks=400,
    stored=10_000_000,
)
QUICK = Sizes(
    rounds=2, events=3_000, requests={1: 1_500, 10: 400, 100: 60}, effects=1_000, seconds=5, tasks=100, stored=200_000
)
