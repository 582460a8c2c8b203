"""The ways through a workflow's steps: what can follow what, and what comes before.

>>> from workflows.engine.parse import parse
>>> spec = parse({"key": "w", "name": "W", "type": "nurture", "owner": "ops", "trigger": {"event": "Asked"}, "steps": [
...     {"key": "fork", "choose": [{"when": {"contact.score": 5}, "go": "last"}, {"else": "end"}]},
...     {"key": "never", "stop": "nobody comes here"}, {"key": "last", "stop": "done"}]})
>>> sorted(reachable(spec)), sorted(before(spec, "last"))
(['fork', 'last'], ['fork'])
"""

from collections.abc import Mapping

from workflows.engine.spec import END, Spec, Step

Ways = Mapping[str, tuple[str, ...]]


def ways(spec: Spec) -> Ways:
    """The steps that can come right after each step."""
    if any(step.after is not None for step in spec.steps):
        return _drawn(spec)
    following = {step.key: after.key for step, after in zip(spec.steps, spec.steps[1:], strict=False)}
    return {step.key: _ways_on(step, following.get(step.key)) for step in spec.steps}


def _ways_on(step: Step, following: str | None) -> tuple[str, ...]:
    if step.kind == "stop" and step.when is None:
        return ()
    named = [go for go in step.ways if go != END]
    if step.kind not in ("choose", "split") and following:
        named.append(following)
    return tuple(dict.fromkeys(named))


def _drawn(spec: Spec) -> Ways:
    """Of a map, whose steps say what they follow; one that says nothing follows the one before."""
    found: dict[str, list[str]] = {step.key: [] for step in spec.steps}
    previous: str | None = None
    for step in spec.steps:
        for key in step.after if step.after is not None else ((previous,) if previous else ()):
            if key in found:
                found[key].append(step.key)
        previous = step.key
    return {key: tuple(after) for key, after in found.items()}


def starts(spec: Spec) -> tuple[str, ...]:
    """Where a run begins: the first step, and on a map every step that follows none."""
    alone = tuple(step.key for step in spec.steps[1:] if step.after == ())
    return (spec.steps[0].key, *alone) if spec.steps else ()


def reachable(spec: Spec) -> frozenset[str]:
    """Keys of the steps that a run can come to."""
    following, found, waiting = ways(spec), set[str](), list(starts(spec))
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += following.get(key, ())
    return frozenset(found)


def before(spec: Spec, key: str) -> frozenset[str]:
    """Keys of the steps that can come before a step, however far."""
    back: dict[str, set[str]] = {}
    for start, after in ways(spec).items():
        for step in after:
            back.setdefault(step, set()).add(start)
    found, waiting = set[str](), [key]
    while waiting:
        for earlier in back.get(waiting.pop(), ()):
            if earlier not in found:
                found.add(earlier)
                waiting.append(earlier)
    return frozenset(found)


def always_before(spec: Spec, key: str) -> frozenset[str]:
    """Keys of the steps that no way to a step leaves out."""
    return frozenset(earlier for earlier in before(spec, key) if not _comes_without(spec, key, earlier))


def _comes_without(spec: Spec, key: str, left_out: str) -> bool:
    following, found = ways(spec), set[str]()
    waiting = [start for start in starts(spec) if start != left_out]
    while waiting:
        step = waiting.pop()
        if step == key:
            return True
        if step not in found:
            found.add(step)
            waiting += [after for after in following.get(step, ()) if after != left_out]
    return False
