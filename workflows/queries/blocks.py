"""Blocks as they are now, ready to be chosen from."""

from collections.abc import Mapping

import structlog

from workflows.engine.conditions import Segments
from workflows.engine.personal import BadBlock, CompiledBlock, compile_block
from workflows.models import Block

from . import segment_rules

log = structlog.get_logger()


def compiled(*, segments: Segments | None = None) -> Mapping[str, CompiledBlock]:
    """Every block by its key; one that cannot be used stands aside. One query, or two without `segments`."""
    rows = list(Block.objects.all())
    rules = segments if segments is not None or not rows else segment_rules.rules()
    found = {}
    for row in rows:
        try:
            found[row.key] = compile_block(row.key, choices=row.choices, fallback=row.fallback, segments=rules)
        except BadBlock:
            log.error("block_cannot_be_used", block=row.key)
    return found
