"""An archived campaign as a file to take along: its document as JSON, its counts and links as tables, in one zip."""

import orjson

from campaigns.models import CampaignArchive
from martechops.lib.spreadsheets import table
from workflows.workspace import bundles

_COUNTS = ("What", "Workflow", "Version", "Kind", "Step", "Outcome", "Count", "People")
_LINKS = ("Address", "Place", "Answered")


def file_name(archive: CampaignArchive) -> str:
    return f"{archive.campaign.campaign_id}-{archive.campaign.key}.zip"


def packed(archive: CampaignArchive) -> bytes:
    """The same bytes for the same archive, whenever it is asked for."""
    said = {"digest": archive.digest, "archived_at": archive.made_at.isoformat(), "people": archive.people}
    content = archive.content
    counts = [
        (row.what, row.workflow, row.version, row.kind, row.step, row.outcome, row.count, row.people)
        for row in archive.counts.all()
    ]
    links = [(one["address"], one["place"], one["answered"]) for one in content["links"]]
    return bundles.pack(
        {
            "archive.json": orjson.dumps({**said, **content}, option=orjson.OPT_INDENT_2),
            "counts.csv": table(_COUNTS, counts),
            "links.csv": table(_LINKS, links),
        }
    )
