"""An archived campaign to take along: facts as CSV, definitions as files, numbers, and a manifest that names them all.

Numbers and definitions are those that were kept; facts are those that there still are, and the manifest says how many
there were and how many there are.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
import yaml

from campaigns import exports
from martechops.lib.spreadsheets import table
from reporting.models import ArchivedNumbers
from reporting.queries import archived
from workflows.workspace import bundles

_NUMBERS = ("Metric", "Span", "Channel", "Value", "Unit", "Version", "Digest", "Currency")


def file_name(kept: ArchivedNumbers) -> str:
    """As in `CMP-0007-autumn-numbers.zip`."""
    campaign = kept.archive.campaign
    return f"{campaign.campaign_id}-{campaign.key}-numbers.zip"


def packed(kept: ArchivedNumbers) -> bytes:
    """The same bytes while no fact of it changes."""
    facts = {view: archived.facts(kept, view) for view in archived.views()}
    files: dict[str, bytes] = {
        "numbers.csv": table(_NUMBERS, _numbers(kept.content)),
        "campaign.zip": exports.packed(kept.archive),
        **{
            f"definitions/metrics/{key}.yaml": _yaml(one["document"])
            for key, one in kept.content["definitions"].items()
        },
        **{f"facts/{view}.csv": table(heads, rows) for view, (heads, rows) in facts.items()},
    }
    counted = {one.view: one for one in kept.counted.all()}
    manifest = {
        "campaign": kept.content["campaign"],
        "since": kept.content["since"],
        "until": kept.content["until"],
        "zone": kept.content["zone"],
        "kept_at": kept.made_at.isoformat(),
        "digest": kept.digest,
        "definitions": {
            key: {"version": one["version"], "digest": one["digest"]}
            for key, one in kept.content["definitions"].items()
        },
        "facts": {
            view: {"rows_then": counted[view].count, "digest_then": counted[view].digest, "rows_now": len(rows)}
            for view, (_, rows) in facts.items()
            if view in counted
        },
        "files": {path: hashlib.sha256(raw).hexdigest() for path, raw in sorted(files.items())},
    }
    raw = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    return bundles.pack({**files, "manifest.json": raw})


def _numbers(content: Mapping[str, Any]) -> list[tuple[object, ...]]:
    said, currencies = content["definitions"], archived.kept_currencies(content)
    rows: list[tuple[object, ...]] = []
    for place, value in archived.kept_numbers(content).items():
        one = said[place[0]]
        defined = (one["document"]["unit"], one["version"], one["digest"])
        rows.append((*place, value, *defined, currencies.get(place, "")))
    return rows


def _yaml(document: Mapping[str, Any]) -> bytes:
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True).encode()
