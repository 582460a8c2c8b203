"""Where runs go that are on their way when a version takes another's place, and why (DESIGN section 6).

Under `pin` they stay. Under `follow` they wait on at the same step, by the version that follows. Under `migrate` a map
says where: a step of the new version, or `end`. Who cannot be moved without guessing stays where it is, with why.
"""

from collections.abc import Mapping

from martechops.lib.frozen import dataclass

from . import internal
from .spec import END, Spec, Step

PIN, FOLLOW, MIGRATE = "pin", "follow", "migrate"
POLICIES: Mapping[str, str] = {
    PIN: "They finish on the version they entered",
    FOLLOW: "They go on with the new version from the same step",
    MIGRATE: "They go where the map says",
}
#: What becomes of a run: it stays on its version; it waits on as it does; it begins a step anew; it is over.
STAYS, WAITS, BEGINS, ENDS = "stays", "waits", "begins", "ends"


@dataclass(frozen=True, slots=True)
class Landing:
    """Where runs that wait at one step go, and why."""

    way: str
    #: The step of the new version; for `stays` and `ends`, the one where they are.
    step: str
    says: str

    @property
    def moves(self) -> bool:
        return self.way != STAYS


class BadMap(Exception):
    """The map names what is not there, or what nobody can be put at; by step of the old version, what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{step}: {says}" for step, says in problems.items()))
        self.problems = dict(problems)


def check(policy: str, *, old: Spec, new: Spec, steps: Mapping[str, str]) -> None:
    """Return if the policy can be carried out at all. Raises BadMap and ValueError."""
    if policy not in POLICIES:
        raise ValueError(f"There is no policy {policy}: it is one of {', '.join(POLICIES)}.")
    if old.key != new.key:
        raise ValueError(f"{old.key} and {new.key} are two workflows: nobody goes from one to the other.")
    problems: dict[str, str] = {}
    for step, go in steps.items():
        if step not in old.positions:
            problems[step] = "the version they are on has no such step"
        elif go != END and go not in new.positions:
            problems[step] = f"the new version has no step {go}"
    if problems:
        raise BadMap(problems)


def landing(policy: str, *, old: Spec, new: Spec, step: str, steps: Mapping[str, str]) -> Landing:
    """Where a run goes that waits at `step` of the old version. Whatever it is asked, it answers."""
    if policy == PIN:
        return Landing(STAYS, step, "finishes on the version it entered")
    if old.subject != new.subject:
        return Landing(STAYS, step, f"it is about a {old.subject}, and the new version about a {new.subject}")
    go = steps.get(step) if policy == MIGRATE else step
    if go is None:
        return Landing(STAYS, step, "the map does not name this step")
    if go == END:
        return Landing(ENDS, step, "the map ends it here")
    if step not in old.positions:
        return Landing(STAYS, step, "its own version has no such step")
    if go not in new.positions:
        return Landing(STAYS, step, f"the new version has no step {go}")
    before, after = old.step(step), new.step(go)
    against = _against(before, after)
    if policy == FOLLOW:
        return Landing(STAYS, step, against) if against else Landing(WAITS, go, _waits(before, after))
    if against or (before.kind != "wait" and go != step):
        return Landing(BEGINS, go, f"begins {go}")  # who was asked at one step cannot answer for another
    return Landing(WAITS, go, _waits(before, after))


def landings(policy: str, *, old: Spec, new: Spec, steps: Mapping[str, str]) -> dict[str, Landing]:
    """Of every step of the old version. Raises BadMap and ValueError."""
    check(policy, old=old, new=new, steps=steps)
    return {step.key: landing(policy, old=old, new=new, step=step.key, steps=steps) for step in old.steps}


def by_key(*, old: Spec, new: Spec) -> dict[str, str]:
    """The map that suggests itself: each step to the one of its key. Which step a lost one leads to, people say."""
    return {step.key: step.key for step in old.steps if step.key in new.positions}


def awaited(step: Step) -> str:
    """The event that a run at this step waits for; empty where it is none."""
    if step.wait is None:
        return ""
    return step.wait.event or internal.change_of(step.wait.date or "") or ""


def _against(before: Step, after: Step) -> str:
    """Why who waits at one of them does not wait at the other by just going on waiting."""
    if before.kind != after.kind:
        return f"{after.key} is a step of another kind now: {after.kind}, not {before.kind}"
    if (before.action or "") != (after.action or ""):
        return f"{after.key} does something else now: {after.action}, not {before.action}"
    if awaited(before) != awaited(after):
        was, now = (internal.awaited_words(awaited(step)) or "no event" for step in (before, after))
        return f"it waits for {was}, and there it would be {now}"
    return ""


def _waits(before: Step, after: Step) -> str:
    """What changes for it by waiting there: never how long, for that was settled when it began to wait."""
    if before.wait and after.wait and before.wait.says() != after.wait.says():
        return "waits on until the time it was given"
    return "waits on"
