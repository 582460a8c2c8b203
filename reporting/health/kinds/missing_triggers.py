"""What should begin something and does not come, or comes and begins nothing (requirement B5)."""

from collections.abc import Iterator, Mapping

from reporting.health import steps
from reporting.health.finding import BOTTLENECK, SAMPLES, Finding, Kind, Sample
from reporting.health.scope import ENOUGH, Flow, Scope
from workflows.models import EventType, InboundEvent, Scoring, Trace

KEY = "missing-triggers"
_EVENTS, _TRACES = InboundEvent._meta.db_table, Trace._meta.db_table


def find(scope: Scope) -> Iterator[Finding]:
    """Silence is held only against what is settled, or what used to come; and only where other events do come."""
    came = _came(scope)
    if sum(now for now, _ in came.values()) >= ENOUGH:
        for flow in scope.flows.values():
            yield from _silent(scope, flow, came)
    yield from _unheard(scope, came)


def _came(scope: Scope) -> Mapping[str, tuple[int, int]]:
    """How often each event came, in the period and in the one before."""
    found = scope.rows(
        f"""
        SELECT name, count(*) FILTER (WHERE received_at >= %(since)s), count(*) FILTER (WHERE received_at < %(since)s)
        FROM {_EVENTS} WHERE id >= %(first)s AND received_at BETWEEN %(before)s AND %(at)s AND type = 'track'
        GROUP BY name
        """,  # noqa: S608  names of our own
        first=scope.first(InboundEvent),
    )
    return {name: (now, former) for name, now, former in found}


def _silent(scope: Scope, flow: Flow, came: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    trigger = flow.spec.trigger
    if trigger and trigger.kind == "event":
        now, former = _of(scope, trigger.of, came)
        if not now and (former or scope.is_old_enough(flow)):
            yield _finding(flow, "", f"{flow.name} begins with {' or '.join(trigger.of)}", former)
    figures = steps.figures(scope)
    for step in flow.spec.steps:
        event = step.wait.event if step.wait else None
        if event and not event.startswith("$") and figures[flow.id, step.key].came >= ENOUGH:
            now, former = _of(scope, (event,), came)
            if not now and (former or scope.is_old_enough(flow)):
                yield _finding(flow, step.key, f"{step.name} waits for {event}", former)


def _of(scope: Scope, names: tuple[str, ...], came: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Under any name that it has or had."""
    spelled = set(names)
    for name in names:
        if event := scope.workspace.event(name):
            spelled |= {event.name, *event.aliases}
    counts = [came.get(name, (0, 0)) for name in spelled]
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


def _unheard(scope: Scope, came: Mapping[str, tuple[int, int]]) -> Iterator[Finding]:
    """Events of the catalog that come again and again, and nothing came of any of them."""
    heard = {name for workflow in scope.workspace.workflows for name in workflow.begun_by if workflow.state == "live"}
    heard |= {
        step.wait.event for flow in scope.flows.values() for step in flow.spec.steps if step.wait and step.wait.event
    }
    heard |= {str(rule.get("event")) for rules in Scoring.objects.values_list("rules", flat=True) for rule in rules}
    idle = EventType.objects.filter(stage_effect=None, score_effect=0, consent_effect={}).exclude(name__in=heard)
    owners = dict(idle.values_list("name", "owner__key"))
    often = [name for name in owners if came.get(name, (0, 0))[0] >= ENOUGH]
    for name, count, samples in scope.rows(_NOTHING, names=often, first=scope.first(InboundEvent)) if often else ():
        yield Finding(
            kind=KEY,
            says=f"{name} comes, and nothing begins with it, waits for it or changes by it",
            fix="Say in the catalog what it means for stage or score, begin a workflow with it, or stop sending it",
            team=owners[name],
            count=count,
            of=came[name][0],
            former=came[name][1],
            samples=tuple(Sample(f"event {id}", f"/events/{id}/") for id in samples[:SAMPLES]),
        )


#: Of the events of these names: those that nothing came of; only where nothing came of any.
_NOTHING = f"""
    SELECT e.name, count(*), (array_agg(e.id ORDER BY e.id DESC))[1:5] FROM {_EVENTS} e
    LEFT JOIN {_TRACES} t ON t.event_id = e.id
    WHERE e.id >= %(first)s AND e.received_at BETWEEN %(since)s AND %(at)s AND e.name = ANY(%(names)s)
    GROUP BY e.name
    HAVING coalesce(sum(coalesce(json_array_length(t.detail -> 'changes'), 0)
        + coalesce(json_array_length(t.detail -> 'workflows'), 0)), 0) = 0
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
