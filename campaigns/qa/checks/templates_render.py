"""TPL: every message can be filled in for the people it is for, with nothing missing."""

from collections.abc import Iterator, Mapping

from campaigns.qa.check import BAD, GOOD, UNSURE, Check, Seen
from campaigns.qa.launch import Launch, Rendering
from martechops.lib.path_words import path_words


def look(launch: Launch) -> Iterator[Seen]:
    """Each template, over the people sampled."""
    guarded = _guarded(launch)
    for one in launch.renderings:
        template = launch.templates[one.template]
        yield _seen(one, template.name, guarded.get(one.template, set()), template.at)


def _guarded(launch: Launch) -> dict[str, set[str]]:
    """What every step that sends a template requires first: who lacks it is not written to."""
    found: dict[str, set[str]] = {}
    for workflow in launch.workflows:
        for step in workflow.acts("send_message"):
            key, paths = str(step.arguments.get("template")), set(step.guards.require)
            found[key] = found[key] & paths if key in found else paths
    return found


def _seen(one: Rendering, what: str, guarded: set[str], at: str) -> Seen:
    if one.problems:
        says = "; ".join(f"{problem} (for {count} of {one.of})" for problem, count in one.problems.items())
        return Seen(what, BAD, says, "Mend the template", at)
    if not one.of:
        return Seen(what, UNSURE, "there is nobody to try it with", at=at)
    bare = {path: count for path, count in one.missing.items() if path not in guarded}
    if bare:
        mend = "Give it a default, put it inside an if, or require the field before the message"
        return Seen(what, BAD, f"{_counted(bare, one.of)}, and they would see a gap", mend, at)
    if one.missing:
        says = f"filled in for {one.of} people; {_counted(one.missing, one.of)}, and they are not written to"
        return Seen(what, GOOD, says, at=at)
    return Seen(what, GOOD, f"filled in for {one.of} people, nothing missing", at=at)


def _counted(missing: Mapping[str, int], of: int) -> str:
    return "; ".join(f"{path_words(path)} is missing for {count} of {of}" for path, count in missing.items())


CHECK = Check("TPL", "Messages can be filled in", "content", True, ("E3", "K1"), look)
