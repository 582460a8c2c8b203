"""How fast the real server takes events in over loopback: against a bare WSGI callable and a view that parses."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import orjson
from django.conf import settings

from martechops.bench import client, crew, storing, usage, workload
from workflows.models import InboundEvent

from .advance import Stock
from .figures import Report
from .sizes import Sizes

SECTION = "Ingest: durable, through the web server, answered after the commit"
CONNECTIONS = 64
_FLOORS = {
    "bare": "martechops.bench.floor_servers:bare",
    "parsing": "martechops.bench.floor_servers:parsing",
}


def measure(stock: Stock, sizes: Sizes, report: Report, *, ports: Iterator[int], server_pid: int) -> None:
    """Rounds of: bare, parsing, ours; for each number of events a request."""
    with _servers(ports) as servers:
        for each, requests in sizes.requests.items():
            _of_size(each, requests, servers, stock, sizes, report, server_pid)


@contextmanager
def _servers(ports: Iterator[int]) -> Iterator[dict[str, tuple[int, int]]]:
    """By name: port and process id. Idle ones cost nothing."""
    with ExitStack() as stack:
        found = {}
        for name, application in {**_FLOORS, "ours": ""}.items():
            port = next(ports)
            named = {"application": application} if application else {}
            found[name] = (port, stack.enter_context(crew.web(settings.HOME, port=port, **named)))
        yield found


def _of_size(
    each: int,
    requests: int,
    servers: dict[str, tuple[int, int]],
    stock: Stock,
    sizes: Sizes,
    report: Report,
    server_pid: int,
) -> None:
    rates: dict[str, list[float]] = {name: [] for name in [*servers, "COPY"]}
    python, database, late = [], [], []
    floors: dict[str, list[float]] = {name: [] for name in _FLOORS}
    for name in servers:  # threads, caches and connections are there
        client.run(servers[name][0], _bodies(stock, each, min(requests, 200)), connections=CONNECTIONS)
    for number in range(sizes.rounds):
        report.say(f"  {each} a request, round {number + 1} of {sizes.rounds}")
        bodies = _bodies(stock, each, requests)
        for name in _FLOORS:
            spent = usage.cpu_of_tree(servers[name][1])
            result = client.run(servers[name][0], bodies, connections=CONNECTIONS)
            rates[name].append(requests * each / result.seconds)
            floors[name].append((usage.cpu_of_tree(servers[name][1]) - spent) / requests / each * 1e6)
        before, work = InboundEvent.objects.count(), usage.cpu_of_tree(servers["ours"][1])
        in_database = usage.cpu_of_tree(server_pid)
        result = client.run(servers["ours"][0], bodies, connections=CONNECTIONS)
        python.append((usage.cpu_of_tree(servers["ours"][1]) - work) / requests / each * 1e6)
        database.append((usage.cpu_of_tree(server_pid) - in_database) / requests / each * 1e6)
        rates["ours"].append(requests * each / result.seconds)
        late.append(sorted(result.latencies)[int(len(result.latencies) * 0.99)] * 1000)
        report.check("replies of 200", found=result.statuses[200], expected=requests)
        report.check("events stored", found=InboundEvent.objects.count() - before, expected=requests * each)
        if each > 1:
            rates["COPY"].append(_copied(stock, requests * each))
    _tell(each, rates, python, database, late, report, floors)


def _bodies(stock: Stock, each: int, requests: int) -> list[bytes]:
    """Ready-made requests, none of whose messages was sent before."""
    first, stock.next_person = stock.next_person, stock.next_person + each * requests
    messages = workload.messages(seed=stock.seed, first=first, count=each * requests)
    key = stock.source.write_key
    if each == 1:
        return [client.post("/v1/track", orjson.dumps(message), write_key=key) for message in messages]
    parts = iter(lambda: list(itertools.islice(messages, each)), [])
    return [client.post("/v1/batch", orjson.dumps({"batch": part}), write_key=key) for part in parts]


def _copied(stock: Stock, count: int) -> float:
    texts = storing.floor_lines(list(workload.messages(seed=stock.seed, first=0, count=count)))
    return count / storing.timed(lambda: storing.copy_floor(texts))


def _tell(
    each: int,
    rates: dict[str, list[float]],
    python: list[float],
    database: list[float],
    late: list[float],
    to: Report,
    floors: dict[str, list[float]],
) -> None:
    of = "1 event a request" if each == 1 else f"{each} events a request"
    to.add(SECTION, f"floor: bare WSGI callable, {of}", rates["bare"], unit="/s")
    to.add(SECTION, f"floor: Django view that parses, stores nothing, {of}", rates["parsing"], unit="/s")
    to.add(SECTION, f"events stored, {of}", rates["ours"], unit="/s")
    bars: dict[str, Any] = {"at_least": 0.7} if each == 1 else {}
    to.ratio(SECTION, f"durable ÷ Django view, {of}", rates["ours"], rates["parsing"], **bars)
    bars = {"at_least": 0.25} if each == 100 else {}
    to.ratio(SECTION, f"durable ÷ bare WSGI, {of}", rates["ours"], rates["bare"], **bars)
    if rates["COPY"]:
        to.ratio(SECTION, f"durable ÷ COPY of the same rows, {of}", rates["ours"], rates["COPY"])
        to.ratio(SECTION, f"COPY of the same rows ÷ bare WSGI, {of}", rates["COPY"], rates["bare"])
    to.add(SECTION, f"99th of 100 answers within, {of}", late, unit="ms")
    to.add(SECTION, f"CPU an event, bare WSGI, {of}", floors["bare"], unit="µs")
    to.add(SECTION, f"CPU an event, Django view, {of}", floors["parsing"], unit="µs")
    to.add(SECTION, f"CPU an event, Python, {of}", python, unit="µs")
    to.add(SECTION, f"CPU an event, PostgreSQL, {of}", database, unit="µs")
