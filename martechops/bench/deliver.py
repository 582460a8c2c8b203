"""How fast planned effects reach a far side: against a bare client loop of the same concurrency to the same sink."""

from martechops.bench import client
from martechops.bench.crew import Crew
from workflows.models import Effect

from .advance import Stock
from .figures import Report
from .sizes import Sizes

SECTION = "Deliver: reserved, guarded, called, recorded"
#: Two connections of 16 calls each (`workload.furnish`).
AT_ONCE = 32


def measure(crew: Crew, stock: Stock, sizes: Sizes, report: Report, *, sink: int) -> None:
    """Rounds of: the bare loop, one worker, two workers."""
    rates: dict[str, list[float]] = {"bare": [], "1": [], "2": []}
    python, database, log = [], [], []
    body = b'{"type":"upsert_record","data":{"email":"nobody@example.com","first_name":"Lea","company":"Brightwater"}}'
    requests = [client.post("/floor", body)] * sizes.effects
    _empty(crew)
    for number in range(sizes.rounds):
        report.say(f"  round {number + 1} of {sizes.rounds}")
        rates["bare"].append(sizes.effects / client.run(sink, requests, connections=AT_ONCE).seconds)
        for workers in (1, 2):
            stock.queue(sizes.effects // 2, report)
            crew.tell("advance", workers=1)
            client.get(sink, "/hits")
            done = crew.tell("deliver", workers=workers)
            rates[str(workers)].append(sizes.effects / done.seconds)
            planned = Effect.objects.exclude(state="done").count()
            report.check("effects that are not done", found=planned, expected=0)
            hits = client.get(sink, "/hits").count(b'"/')
            report.check("hits at the sink", found=hits, expected=sizes.effects)
            if workers == 1:
                python.append(done.cpu_seconds / sizes.effects * 1e6)
                database.append(done.database_cpu_seconds / sizes.effects * 1e6)
                log.append(done.wal_bytes / sizes.effects)
    report.add(SECTION, "floor: bare client loop of the same concurrency", rates["bare"], unit="/s")
    report.add(SECTION, "effects with 1 worker", rates["1"], unit="/s")
    report.add(SECTION, "effects with 2 workers", rates["2"], unit="/s")
    report.ratio(SECTION, "1 worker ÷ bare loop", rates["1"], rates["bare"], at_least=0.4)
    report.ratio(SECTION, "2 workers ÷ bare loop", rates["2"], rates["bare"])
    report.add(SECTION, "CPU an effect, Python", python, unit="µs")
    report.add(SECTION, "CPU an effect, PostgreSQL", database, unit="µs")
    report.add(SECTION, "write-ahead log an effect", log, unit="bytes")


def _empty(crew: Crew) -> None:
    """What earlier sections have planned is not this one's."""
    Effect.objects.filter(state="planned").update(state="cancelled")
    Effect.objects.filter(state="cancelled").delete()
    del crew
