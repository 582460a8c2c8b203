"""SCN: every scenario about a workflow holds, those that come with the product and its own (requirements G5, G6)."""

from collections.abc import Iterator

from campaigns.qa.check import BAD, GOOD, Check, Seen
from campaigns.qa.launch import Launch


def look(launch: Launch) -> Iterator[Seen]:
    """Each scenario by workflow; a failing one with what happened instead."""
    names = {workflow.key: workflow.name for workflow in launch.workflows}
    for trial in launch.trials:
        what = f"scenario {trial.name} on {names[trial.workflow]}"
        if trial.holds:
            yield Seen(what, GOOD, "everything as expected", at=trial.at)
        else:
            mend = "Open the story on the test bench, and mend the step it leads to, or what is expected"
            yield Seen(what, BAD, trial.says, mend, trial.at)


CHECK = Check("SCN", "Scenarios hold", "logic", True, ("G5", "G6", "E4"), look)
