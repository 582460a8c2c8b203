"""Fields that the playbook needs: in the catalog, and what recent leads have in them (requirement E3)."""

from collections.abc import Iterator

from campaigns.qa.check import BAD, GOOD, Check, Seen
from campaigns.qa.launch import Coverage, Launch
from martechops.lib.path_words import path_words


def look(launch: Launch) -> Iterator[Seen]:
    """Each field that the playbook names; how full it is is evidence, because a new form may be what fills it."""
    for path, why in launch.required:
        what = f"{path_words(path)} ({path})"
        if path not in launch.fields:
            mend = "Add the field to the catalog, with the system that holds it"
            yield Seen(what, BAD, f"{why.rstrip('.')}, and the catalog has no such field", mend, "/vocabulary/field/")
        else:
            yield Seen(what, GOOD, f"in the catalog; {_share(launch.required_coverage.get(path, Coverage(0, 0)))}")


def _share(found: Coverage) -> str:
    if not found.of:
        return "no lead came in the last 30 days by which it could be counted"
    return f"{found.present:,} of {found.of:,} leads of the last 30 days have it"


CHECK = Check("FLD", "Fields that the playbook needs", "data", True, ("E3",), look)
