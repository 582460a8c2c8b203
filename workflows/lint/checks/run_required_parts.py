"""RUN007: a workflow lacks what its type is made of (requirement A9)."""

from collections.abc import Iterator

from workflows.engine.required_parts import missing
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    for part in missing(workflow.spec):
        offers = f": {' or '.join(part.offers)}" if part.offers else ""
        yield Spot(
            says=f"{workflow.name} does not: {part.says}",
            fix=f"Add it{offers}, or choose another type",
            team=workflow.owner,
            path=part.path,
        )


CHECK = Check("RUN007", "Type lacks a required part", "error", ("A9",), find, maps=False)
