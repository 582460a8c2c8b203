"""CRM: the fields that routing needs are there before it runs, asked for and really present (requirement E4b)."""

from collections.abc import Iterator

from campaigns.qa.check import BAD, GOOD, UNSURE, Check, Seen
from campaigns.qa.launch import Coverage, Launch, Workflow
from campaigns.qa.needs import routing_needs
from martechops.lib.path_words import path_words

#: Of the leads of the last 30 days, this part must have a field that routing needs.
ENOUGH = 0.9


def look(launch: Launch) -> Iterator[Seen]:
    """Each field that a routing step needs, by its guards and over the recent leads."""
    for workflow in launch.workflows:
        for need in routing_needs(workflow.spec, launch.mappings):
            what = f"{path_words(need.path)} for step {need.step} of {workflow.name}"
            at = f"{workflow.at}?step={need.step}"
            if not need.asked_for:
                says = f"{need.why}, and no guard asks for it before the step runs"
                found = BAD if need.is_must else UNSURE
                yield Seen(what, found, says, f"Add guards: {{require: [{need.path}]}} to the step", at)
            else:
                yield _covered(what, need.path, workflow, at)


def _covered(what: str, path: str, workflow: Workflow, at: str) -> Seen:
    found = workflow.coverage.get(path, Coverage(0, 0))
    if not found.of:
        return Seen(what, UNSURE, "asked for; no lead came in the last 30 days by which it could be counted", at=at)
    says = f"asked for; {found.present:,} of {found.of:,} leads of the last 30 days have it ({found.share:.0%})"
    if found.share >= ENOUGH:
        return Seen(what, GOOD, says, at=at)
    mend = "Ask for it in the form, or enrich it before the step"
    return Seen(what, BAD, f"{says}: the others would be turned away", mend, at)


CHECK = Check("CRM", "CRM fields there before routing", "data", True, ("E4", "D3", "D4"), look)
