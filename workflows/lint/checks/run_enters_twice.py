"""RUN005: whoever comes again is in it twice, and gets everything twice (requirements D7, H1)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import gives_task, sends
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    """What does not mind repetition, such as bringing a record up to date, may overlap."""
    again = workflow.spec.entry.again
    if again is None or not again.overlapping or workflow.spec.subject != "contact":
        return
    repeated = [step for step in workflow.acts() if _minds(step)]
    if repeated:
        first = repeated[0]
        yield Spot(
            says=f"Whoever comes again enters {workflow.name} while still in it, so that {first.name} happens twice",
            fix="Let nobody in twice: entry: {again: {after: 30 days, overlapping: false}}",
            team=workflow.owner_of(first),
            step=first.key,
            path="entry.again.overlapping",
        )


def _minds(step: Step) -> bool:
    return (sends(step) or gives_task(step)) and not step.guards.once_per


CHECK = Check("RUN005", "Re-submission enters twice", "error", ("D7", "D8", "H1", "J4"), find)
