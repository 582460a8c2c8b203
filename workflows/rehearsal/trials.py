"""A scenario tried on a version: whether it holds, and if not, why not."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter

from workflows.engine.scenarios import Scenario

from .claims import Failure, failures
from .ground import Ground
from .telling import Told, tell

HOLDS, FAILS = "holds", "fails"


@dataclass(frozen=True, slots=True)
class Trial:
    """One scenario on one version."""

    scenario: Scenario
    #: One that comes with the product.
    is_standard: bool
    told: Told
    failures: tuple[Failure, ...]
    took_ms: float

    @property
    def verdict(self) -> str:
        return FAILS if self.failures else HOLDS

    @property
    def says(self) -> str:
        """In one line."""
        if not self.failures:
            return f"{len(self.scenario.then)} as expected"
        more = f" (and {len(self.failures) - 1} more)" if len(self.failures) > 1 else ""
        return self.failures[0].says + more


def attempt(scenario: Scenario, ground: Ground, *, is_standard: bool = False) -> Trial:
    """Tell the story, and look whether everything is as expected."""
    begun = perf_counter()
    told = tell(scenario.given, scenario.when, ground=ground)
    found = failures(scenario, told)
    return Trial(scenario, is_standard, told, found, (perf_counter() - begun) * 1000)


def all_of(own: Iterable[Scenario], standard: Iterable[Scenario], ground: Ground) -> tuple[Trial, ...]:
    """Those that are about the workflow: the product's own first."""
    about = {"key": ground.spec.key, "type": ground.spec.type, "subject": ground.spec.subject}
    if ground.spec.map_only or ground.spec.subject != "contact":
        return ()
    return (
        *(attempt(one, ground, is_standard=True) for one in standard if one.is_about(**about)),
        *(attempt(one, ground) for one in own if one.is_about(**about)),
    )
