"""CON: who did not agree to a channel gets nothing by it: shown by rehearsing such leads (requirement E4c)."""

from collections.abc import Iterator

from campaigns.qa.check import BAD, GOOD, UNSURE, Check, Seen
from campaigns.qa.launch import Launch, Proof


def look(launch: Launch) -> Iterator[Seen]:
    """Each step that writes to people, by what became of leads who never agreed and of those who said no."""
    names = {workflow.key: workflow for workflow in launch.workflows}
    for proof in launch.proofs:
        workflow = names[proof.workflow]
        what = f"step {proof.step} of {workflow.name}, by {proof.channel}"
        yield _seen(proof, what, f"{workflow.at}?step={proof.step}")


def _seen(proof: Proof, what: str, at: str) -> Seen:
    if proof.unreached:
        says = f"no lead could be made up that comes to it: {proof.unreached}"
        return Seen(what, UNSURE, says, "Look whether the step can be reached at all", at)
    said = "; ".join(f"{who}: {what}" for who, what in proof.without.items())
    if proof.sent_anyway:
        mend = f"Add guards: {{consent: {proof.channel}}} to the step"
        return Seen(what, BAD, f"it is sent without consent ({said})", mend, at)
    return Seen(what, GOOD, f"a lead who agreed gets it; without consent nothing is sent ({said})", at=at)


CHECK = Check("CON", "Consent respected on every channel", "compliance", True, ("E4", "D4", "H6"), look)
