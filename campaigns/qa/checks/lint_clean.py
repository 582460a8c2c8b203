"""LNT: the workflows of the launch have no error of the lint."""

from collections.abc import Iterator

from campaigns.qa.check import BAD, GOOD, UNSURE, Check, Seen
from campaigns.qa.launch import Launch


def look(launch: Launch) -> Iterator[Seen]:
    """Each finding, and each workflow that has none."""
    for workflow in launch.workflows:
        found = [one for one in launch.findings if one.workflow == workflow.key]
        for one in found:
            says = f"{one.code}: {one.says}"
            yield Seen(f"workflow {workflow.name}", BAD if one.severity == "error" else UNSURE, says, one.fix, one.at)
        if not found:
            yield Seen(f"workflow {workflow.name}", GOOD, "no finding", at=workflow.at)


CHECK = Check("LNT", "Workflows without errors", "logic", True, ("B3",), look)
