"""What should begin something and does not come, or comes and begins nothing (requirement B5)."""

from collections.abc import Iterator, Mapping, Sequence

from reporting.health import steps
from reporting.health.finding import BOTTLENECK, SAMPLES, Finding, Kind, Sample
from reporting.health.scope import ENOUGH, Flow, Scope
from workflows.models import EventType, InboundEvent, Scoring, Trace

KEY = "missing-triggers"
#: What comes among so many of the newest events need not be looked for among all.
NEWEST = 20_000
_EVENTS, _TRACES = InboundEvent._meta.db_table, Trace._meta.db_table


def find(scope: Scope) -> Iterator[Finding]:
    """Silence is held only against what is settled, or what used to come; and only where other events do come."""
    newest = _newest(scope)
    idle = _idle(scope)
    names = {
        *idle,
        *(spelled for flow in scope.flows.values() for name in _awaited(flow) for spelled in _of(scope, name)),
    }
    rare = [name for name in names if newest.get(name, 0) < ENOUGH]
    seen = {name: (count, 0) for name, count in newest.items()}
    came = {**seen, **dict.fromkeys(rare, (0, 0)), **_counted(scope, rare)}
    if sum(newest.values()) >= ENOUGH:
        for flow in scope.flows.values():
            yield from _silent(scope, flow, came)
    yield from _unheard(scope, idle, came)


def _newest(scope: Scope) -> Mapping[str, int]:
    """How often each event is among the newest of the period."""
    return dict(
        scope.rows(
            f"""
            SELECT name, count(*) FROM (
                SELECT name FROM {_EVENTS}
                WHERE id >= %(first)s AND received_at BETWEEN %(since)s AND %(at)s AND type = 'track'
                ORDER BY id DESC LIMIT {NEWEST}
            ) AS newest GROUP BY name
            """,  # noqa: S608  names of our own
            first=scope.first(InboundEvent),
        )
    )


def _counted(scope: Scope, names: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """How often these came, in the period and in the one before. What is rare is found by the index `inbound_found`."""
    if not names:
        return {}
    found = scope.rows(
        f"""
        SELECT name, count(*) FILTER (WHERE received_at >= %(since)s), count(*) FILTER (WHERE received_at < %(since)s)
        FROM {_EVENTS} WHERE upper(name) = ANY(%(upper)s) AND name = ANY(%(names)s) AND id >= %(first)s
            AND received_at BETWEEN %(before)s AND %(at)s AND type = 'track'
        GROUP BY name
        """,  # noqa: S608
        first=scope.first(InboundEvent),
        names=list(names),
        upper=[name.upper() for name in names],
    )
    return {name: (now, former) for name, now, former in found}


def _awaited(flow: Flow) -> Iterator[str]:
    """Events that begin it or that a step waits for."""
    if flow.spec.trigger and flow.spec.trigger.kind == "event":
        yield from flow.spec.trigger.of
    yield from (step.wait.event for step in flow.spec.steps if step.wait and step.wait.event)


def _silent(scope: Scope, flow: Flow, came: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    trigger = flow.spec.trigger
    if trigger and trigger.kind == "event":
        now, former = _together(scope, trigger.of, came)
        if not now and (former or scope.is_old_enough(flow)):
            yield _finding(flow, "", f"{flow.name} begins with {' or '.join(trigger.of)}", former)
    figures = steps.figures(scope)
    for step in flow.spec.steps:
        event = step.wait.event if step.wait else None
        if event and not event.startswith("$") and figures[flow.id, step.key].came >= ENOUGH:
            now, former = _together(scope, (event,), came)
            if not now and (former or scope.is_old_enough(flow)):
                yield _finding(flow, step.key, f"{step.name} waits for {event}", former)


def _of(scope: Scope, name: str) -> frozenset[str]:
    """Every name that it has or had."""
    event = scope.workspace.event(name)
    return frozenset({name, event.name, *event.aliases} if event else {name})


def _together(scope: Scope, names: tuple[str, ...], came: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    counts = [came.get(one, (0, 0)) for one in {spelled for name in names for spelled in _of(scope, name)}]
    return sum(now for now, _ in counts), sum(former for _, former in counts)


def _finding(flow: Flow, step: str, does: str, former: int) -> Finding:
    return Finding(
        kind=KEY,
        says=f"{does}, and that did not come once" + (f", after {former} before" if former else ""),
        fix="Look whether the form or tool still sends it, under which name, and whether the quarantine holds it",
        team=flow.owner_of(step) if step else flow.owner,
        count=0,
        former=former,
        workflow=flow.key,
        step=step,
        samples=(Sample("quarantine", "/events/quarantine/"), Sample("events", "/events/")),
    )


def _idle(scope: Scope) -> Mapping[str, str]:
    """Events of the catalog that mean nothing by themselves and that nobody listens to, with who owns them."""
    heard = {name for workflow in scope.workspace.workflows for name in workflow.begun_by if workflow.state == "live"}
    heard |= {
        step.wait.event for flow in scope.flows.values() for step in flow.spec.steps if step.wait and step.wait.event
    }
    heard |= {str(rule.get("event")) for rules in Scoring.objects.values_list("rules", flat=True) for rule in rules}
    idle = EventType.objects.filter(stage_effect=None, score_effect=0, consent_effect={}).exclude(name__in=heard)
    return dict(idle.values_list("name", "owner__key"))


def _unheard(scope: Scope, idle: Mapping[str, str], came: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    """Events of the catalog that come again and again, and nothing came of any of them.

    Where something came of one among the newest no others are looked at.
    """
    often = [name for name in idle if came.get(name, (0, 0))[0] >= ENOUGH]
    first = scope.first(InboundEvent)
    did = {name for (name,) in scope.rows(_DID, names=often, first=first)} if often else set()
    silent = [name for name in often if name not in did]
    counts = _counted(scope, silent)
    rows = scope.rows(_NOTHING, names=silent, upper=[name.upper() for name in silent], first=first) if silent else ()
    for name, count, samples in rows:
        yield Finding(
            kind=KEY,
            says=f"{name} comes, and nothing begins with it, waits for it or changes by it",
            fix="Say in the catalog what it means for stage or score, begin a workflow with it, or stop sending it",
            team=idle[name],
            count=count,
            of=counts[name][0],
            former=counts[name][1],
            samples=tuple(Sample(f"event {id}", f"/events/{id}/") for id in samples[:SAMPLES]),
        )


_CAME_OF_IT = """coalesce(json_array_length(t.detail -> 'changes'), 0)
        + coalesce(json_array_length(t.detail -> 'workflows'), 0)"""
#: Those of these names of which something came, as far as the newest events tell.
_DID = f"""
    SELECT DISTINCT e.name FROM (
        SELECT id, name FROM {_EVENTS} WHERE id >= %(first)s AND received_at BETWEEN %(since)s AND %(at)s
        ORDER BY id DESC LIMIT {NEWEST}
    ) AS e JOIN {_TRACES} t ON t.event_id = e.id
    WHERE e.name = ANY(%(names)s) AND {_CAME_OF_IT} > 0
"""  # noqa: S608
#: Of the events of these names: those that nothing came of; only where nothing came of any.
_NOTHING = f"""
    SELECT e.name, count(*), (array_agg(e.id ORDER BY e.id DESC))[1:5] FROM {_EVENTS} e
    LEFT JOIN {_TRACES} t ON t.event_id = e.id
    WHERE upper(e.name) = ANY(%(upper)s) AND e.name = ANY(%(names)s) AND e.id >= %(first)s
        AND e.received_at BETWEEN %(since)s AND %(at)s
    GROUP BY e.name HAVING coalesce(sum({_CAME_OF_IT}), 0) = 0
    ORDER BY 1
"""  # noqa: S608

KIND = Kind(
    KEY,
    "Missing triggers",
    BOTTLENECK,
    "What begins a workflow or wakes a step does not come any more, or comes and nothing begins.",
    ("B5",),
    "bell-off",
    find,
    codes=("MAP004", "REF001"),
)
