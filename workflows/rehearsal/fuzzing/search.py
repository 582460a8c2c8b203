"""The search: stories that came somewhere new are kept and made nastier; whatever one breaks is shrunk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from workflows.engine.scenarios import Given, Moment
from workflows.engine.scenarios.reading import INVARIANTS
from workflows.engine.scenarios.scenario import BARE, WILLING
from workflows.runtime.outcome import Account

from ..ground import Ground
from ..invariants import Breach, breaches
from ..telling import Told, spelled_out, tell
from .moves import Material, nastier
from .shrinking import shrink
from .story import Story

__all__ = ["Budget", "Finding", "Search", "look"]

#: A story that is being looked for is never longer; most of what can go wrong takes two or three moments.
MOST_MOMENTS = 6
_MOST_INSTANTS = 40


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop, whichever comes first."""

    stories: int = 2_000
    #: Things found; each is one invariant at one step.
    findings: int = 10
    #: Asked before each story.
    is_over: Callable[[], bool] = field(default=lambda: False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold, and the shortest story that shows it."""

    breach: Breach
    story: Story
    #: Stories told until it was found, and moments that the first of them had.
    after_stories: int
    moments_before: int


@dataclass(slots=True)
class Search:
    """How far it is."""

    told: int = 0
    #: Steps and their outcomes that some story came to.
    reached: set[tuple[str, str]] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def look(
    ground: Ground,
    *,
    seed: int = 0,
    budget: Budget | None = None,
    progress: Callable[[Search], None] = lambda search: None,
    invariants: tuple[str, ...] = tuple(INVARIANTS),
) -> Search:
    """Stories against one version of a workflow about contacts. The same seed, budget and version find the same."""
    return _Looking(ground, Random(seed), budget or Budget(), progress, invariants).look()  # noqa: S311 - no secret


@dataclass(slots=True)
class _Looking:
    ground: Ground
    dice: Random
    budget: Budget
    progress: Callable[[Search], None]
    invariants: tuple[str, ...]
    search: Search = field(default_factory=Search)
    #: Stories worth going on from.
    kept: list[Story] = field(default_factory=list)
    shown: set[tuple[str, str]] = field(default_factory=set)

    def look(self) -> Search:
        material = material_of(self.ground)
        for story in beginnings(self.ground):
            self._tell(story, material)
        while not self._is_over():
            base = self.dice.choice(self.kept)
            self._tell(nastier(base, material, self.dice, most_moments=MOST_MOMENTS), material)
        self.progress(self.search)
        return self.search

    def _is_over(self) -> bool:
        search, budget = self.search, self.budget
        return search.told >= budget.stories or len(search.findings) >= budget.findings or budget.is_over()

    def _tell(self, story: Story, material: Material) -> None:
        self.search.told += 1
        told = tell(story.given, story.when, ground=self.ground)
        if new := set(_reached(told)) - self.search.reached:
            self.search.reached |= new
            self.kept.append(story)
            _note_instants(told, material)
        elif not self.kept:
            self.kept.append(story)
        for breach in breaches(told, self.invariants):
            if (shown := (breach.invariant, breach.step)) not in self.shown:
                self.shown.add(shown)
                self._found(breach, story)
        if self.search.told % 50 == 0:
            self.progress(self.search)

    def _found(self, breach: Breach, story: Story) -> None:
        def shows(candidate: Story) -> bool:
            told = tell(candidate.given, candidate.when, ground=self.ground)
            return any(one.step == breach.step for one in breaches(told, (breach.invariant,)))

        least = shrink(story, shows)
        again = breaches(tell(least.given, least.when, ground=self.ground), (breach.invariant,))
        plainest = next((one for one in again if one.step == breach.step), breach)
        self.search.findings.append(Finding(plainest, least, self.search.told, len(story.when)))
        self.progress(self.search)


def beginnings(ground: Ground) -> Iterator[Story]:
    """Stories in which nothing is wrong yet, and one in which nothing is known."""
    begins = Moment("begins")
    for given in (Given(lead=WILLING, agreeable=True), Given(lead=WILLING), Given(lead=BARE, known=False)):
        who, when = spelled_out(given, (begins,), ground=ground)
        yield Story(who, when)


def material_of(ground: Ground) -> Material:
    """What the version speaks of."""
    spec, known = ground.spec, ground.vocabulary.fields
    named = {path for needs in ground.needs.values() for path in needs}
    rules = [rule for step in spec.steps for rule in (step.when, *(branch.when for branch in step.branches)) if rule]
    rules += [rule for rule in (spec.entry.when, spec.trigger.where if spec.trigger else None) if rule]
    named |= {comparison.path for rule in rules for comparison in rule.comparisons}
    named |= {step.wait.date for step in spec.steps if step.wait and step.wait.date}
    if spec.trigger and spec.trigger.kind == "field":
        named |= {f"contact.{name}" for name in spec.trigger.of}
    special = ("contact.email", "contact.lifecycle_stage", "contact.score")
    named -= {path for path in named if path in special or path.startswith("contact.consent")}
    channels = {step.guards.consent.channel for step in spec.steps if step.guards.consent}
    channels |= {ground.defined.catalog.channels.get(str(step.arguments.get("template")), "") for step in spec.steps}
    return Material(
        stages=ground.stages,
        channels=sorted(channels - {"", "chat"}),
        fields={path.removeprefix("contact."): known[path] for path in named if path in known},
        awaited=sorted({step.wait.event for step in spec.steps if step.wait and step.wait.event}),
        asks=any(step.kind in ("approve", "handoff") or step.action == "assign_owner" for step in spec.steps),
    )


def _reached(told: Told) -> Iterator[tuple[str, str]]:
    """What is new about a story, if any of it is: a step with an outcome, a run with its end, how often."""
    key = told.ground.spec.key
    for account in told.played.accounts:
        for part, _ in account.parts:
            if part["workflow"] == key:
                yield from ((step["step"], step["outcome"]) for step in part["steps"])
                yield "", str(part.get("state"))
    yield "runs", str(min(3, len(told.played.runs)))
    yield from ((effect.step, effect.state) for effect in told.played.of(key))


def _note_instants(told: Told, material: Material) -> None:
    """When something happened by itself: just before is the middle of a wait."""
    for logged in told.played.log:
        after = int((logged.at - told.began).total_seconds())
        is_new = isinstance(logged.what, Account) and after > 0 and after not in material.instants
        if is_new and len(material.instants) < _MOST_INSTANTS:
            material.instants.append(after)
