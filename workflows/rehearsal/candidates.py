"""What is live, with one version put in its workflow's place: what a rehearsal of a change is played with."""

from dataclasses import replace

from workflows.models import Version
from workflows.queries import live
from workflows.runtime import definitions
from workflows.runtime.definitions import Definitions, RunnableVersion


def alone(*versions: Version) -> Definitions:
    """Only these, with the vocabulary as it is now: what else is live does not interfere. Raises `BadSpec`."""
    defined = definitions.load()
    return _with(replace(defined, live={}), versions)


def in_place(*versions: Version) -> Definitions:
    """Everything that is live, with these in the place of what is live of their workflows. Raises `BadSpec`."""
    defined = definitions.load()
    ours = {version.workflow_id for version in versions}
    others = {
        name: kept
        for name, found in defined.live.items()
        if (kept := tuple(one for one in found if one.workflow_id not in ours))
    }
    return _with(replace(defined, live=others), versions)


def _with(defined: Definitions, versions: tuple[Version, ...]) -> Definitions:
    triggered = dict(defined.live)
    for row in versions:
        runnable = RunnableVersion(row.workflow_id, row.pk, row.number, row.digest, live.spec_of(row, defined.today))
        defined.add(runnable)
        for event in runnable.spec.trigger.names if runnable.spec.trigger else ():
            triggered[event] = (*triggered.get(event, ()), runnable)
    ours = {version.workflow_id for version in versions}
    splits = {workflow_id: split for workflow_id, split in defined.splits.items() if workflow_id not in ours}
    return replace(defined, live=triggered, splits=splits)
