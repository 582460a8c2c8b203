"""From the POST to the effect at the far side, with everything running as `up` runs it: web, two workers, beat.

An open loop: requests go out at their instants whatever became of those before, and what counts is the time from that
instant to the last of an event's effects at the sink.
"""

import collections
import json
import os
import time
from collections.abc import Iterator

import orjson
from django.conf import settings

from martechops.bench import client, crew, workload
from martechops.embedded import parts
from workflows.models import Effect

from .advance import Stock
from .figures import Report
from .sizes import Sizes

SECTION = "End to end: POST to the effect at the sink, two workers"
EACH = 20
RATE = 1_000
#: Events a second while there is little to do, each a request of its own: then nothing waits but for the way itself.
LIGHT_RATE = 50
#: What has not come when nothing has come for so long counts as lost.
PATIENCE_SECONDS = 60
_SETTLED_SECONDS = 3.0


def measure(stock: Stock, sizes: Sizes, report: Report, *, sink: int, ports: Iterator[int]) -> None:
    """At 50 events a second and at 1,000, then the capacity, then half of it."""
    Effect.objects.exclude(state="done").delete()  # what earlier sections have planned is not this one's
    home = settings.HOME
    os.environ["CELERY_BROKER_URL"] = "pgmq://localhost"
    port = next(ports)
    try:
        with crew.web(home, port=port), crew.supervised(_parts()):
            time.sleep(_SETTLED_SECONDS)
            _run(stock, 100, 2, report, sink=sink, port=port, told=False)
            _run(stock, LIGHT_RATE, sizes.seconds, report, sink=sink, port=port, each=1, of="50 events/s")
            _run(stock, RATE, sizes.seconds, report, sink=sink, port=port)
            capacity = _capacity(stock, sizes, report, sink=sink, port=port)
            half = max(EACH, round(capacity / 2))
            _run(stock, half, sizes.seconds, report, sink=sink, port=port, of="half of the capacity")
    finally:
        os.environ["CELERY_BROKER_URL"] = "memory://"


def _parts() -> list[parts.Part]:
    home = settings.HOME
    return [parts.worker(home, number=1), parts.worker(home, number=2), parts.beat(home)]


def _capacity(stock: Stock, sizes: Sizes, report: Report, *, sink: int, port: int) -> float:
    """Events a second through the whole way, when far more wait than can be handled at once."""
    count = RATE // EACH * sizes.seconds // 2 * EACH
    people, requests = _requests(stock, count)
    client.get(sink, "/hits")
    began = time.monotonic()
    client.run(port, requests, connections=8)
    last = _arrivals(people, sink, report)
    rate = count / (max(last.values()) - began) if last else 0.0
    report.add(SECTION, "capacity of the whole way, events", [rate], unit="/s")
    return rate


def _run(
    stock: Stock,
    rate: int,
    seconds: int,
    report: Report,
    *,
    sink: int,
    port: int,
    each: int = EACH,
    of: str = "1,000 events/s",
    told: bool = True,
) -> None:
    people, requests = _requests(stock, rate * seconds, each=each)
    client.get(sink, "/hits")
    result = client.run(port, requests, connections=64, per_second=rate / each)
    last = _arrivals(people, sink, report)
    if not told:
        return
    late = sorted(last[person] - result.due[number // each] for number, person in enumerate(people) if person in last)
    bars = (25.0, 100.0) if rate == RATE else (None, None)
    for share, bar in zip((0.5, 0.99), bars, strict=True):
        value = late[int(len(late) * share)] * 1000
        name = f"p{share * 100:.0f} at {of}, in requests of {each}"
        report.add(SECTION, name, [value], unit="ms", at_most=bar)
    report.add(SECTION, f"offered, {of}", [rate], unit="/s")


def _requests(stock: Stock, count: int, *, each: int = EACH) -> tuple[list[str], list[bytes]]:
    first, stock.next_person = stock.next_person, stock.next_person + count
    messages = list(workload.messages(seed=stock.seed, first=first, count=count))
    people = [workload.email(stock.seed, number) for number in range(first, first + count)]
    key = stock.source.write_key
    bodies = [orjson.dumps({"batch": messages[at : at + each]}) for at in range(0, count, each)]
    return people, [client.post("/v1/batch", body, write_key=key) for body in bodies]


def _arrivals(people: list[str], sink: int, report: Report) -> dict[str, float]:
    """When the effect that names each person was at the sink; every one of them exactly once."""
    hits: collections.Counter[str] = collections.Counter()
    last: dict[str, float] = {}
    stages, ends = 0, time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends and (len(last) < len(people) or stages < len(people)):
        time.sleep(0.25)
        hits_now = json.loads(client.get(sink, "/hits"))
        ends = time.monotonic() + PATIENCE_SECONDS if hits_now else ends
        for at, path, person in hits_now:
            stages += path != "/hook"
            if path == "/hook":
                hits[person] += 1
                last[person] = max(at, last.get(person, 0.0))
    report.check("people whose effect arrived", found=len(last), expected=len(people))
    report.check("effects that arrived", found=hits.total() + stages, expected=2 * len(people))
    return last
