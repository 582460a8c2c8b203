"""Posts a seeded stream of realistic leads through the public ingest address."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.demo import post
from campaigns.demo.stream import DemoMessage, Kind, sent_at, stream
from workflows.queries import sources

_BAR = 40
#: Where `up` answers unless it is told otherwise.
_USUAL_ADDRESS = "http://127.0.0.1:8000"


class Command(BaseCommand):
    help = (
        "Post a seeded stream of realistic leads through the public ingest address: complete and incomplete ones, "
        "other spellings, repeats, unsubscribes and returns, quick stage moves, and a few for the quarantine. The same "
        "seed sends the same messages, so sending it twice stores nothing new."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, default=100, help="messages to send, repeats included (default 100)")
        parser.add_argument("--seed", type=int, default=1, help="which story to tell (default 1)")
        parser.add_argument("--url", help="where the web server answers; what `up` says that runs here if absent")
        parser.add_argument("--source", help="key of the source to send as; the oldest one that is on if absent")
        parser.add_argument("--write-key", help="write key to use, for a server with another database")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if options["count"] < 1:
            raise CommandError("--count must be at least 1.")
        messages = stream(options["count"], options["seed"])
        write_key = options["write_key"] or _write_key(options["source"])
        progress = _quiet if options["json"] else self._progress(len(messages))
        try:
            posted = post.post(
                url=options["url"] or _running_at(settings.UP_FILE),
                write_key=write_key,
                messages=[message.body for message in messages],
                sent_at=sent_at(messages),
                progress=progress,
            )
        except post.NotTaken as error:
            raise CommandError(str(error)) from None
        summary = _summary(messages, posted, seed=options["seed"])
        self.stdout.write(json.dumps(summary) if options["json"] else _table(summary))

    def _progress(self, total: int) -> Callable[[int], None]:
        return _bar(self.stdout, total) if sys.stdout.isatty() else _lines(self.stdout, total)


def _running_at(up_file: Path) -> str:
    """The address that the installation of this folder answers at, as its `up` wrote it down."""
    try:
        return str(json.loads(up_file.read_text())["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return _USUAL_ADDRESS


def _write_key(source_key: str | None) -> str:
    source = sources.to_send_as(source_key)
    if source is None:
        named = f"There is no source {source_key!r} that is on." if source_key else "There is no source that is on."
        raise CommandError(f"{named} Make one with: manage.py create_source NAME")
    return source.write_key


def _quiet(sent: int) -> None:
    del sent


def _bar(out: Any, total: int) -> Callable[[int], None]:
    def show(sent: int) -> None:
        done = _BAR * sent // total
        out.write(f"\rSending [{'#' * done}{'.' * (_BAR - done)}] {sent:,} of {total:,}", ending="")
        if sent == total:
            out.write("")
        out.flush()

    return show


def _lines(out: Any, total: int) -> Callable[[int], None]:
    """A line at each tenth, for logs."""
    shown = 0

    def show(sent: int) -> None:
        nonlocal shown
        if sent * 10 // total > shown:
            shown = sent * 10 // total
            out.write(f"sent {sent:,} of {total:,}")

    return show


def _summary(messages: Sequence[DemoMessage], posted: post.Posted, *, seed: int) -> dict[str, Any]:
    kinds = Counter(message.kind for message in messages)
    return {
        "seed": seed,
        "messages": len(messages),
        "message_ids": len({message.message_id for message in messages}),
        "people": len({message.email for message in messages if message.allowed}),
        "for_quarantine": len({message.message_id for message in messages if not message.allowed}),
        "batches": posted.batches,
        "batches_sent_again": posted.again,
        "by_kind": {str(kind): kinds[kind] for kind in Kind},
    }


def _table(summary: dict[str, Any]) -> str:
    width = max(map(len, summary["by_kind"]))
    rows = [f"  {kind:<{width}} {count:>7,}" for kind, count in summary["by_kind"].items()]
    return "\n".join(
        [
            "",
            f"Sent {summary['messages']:,} messages of seed {summary['seed']}:",
            *rows,
            f"  {'-' * (width + 8)}",
            f"  {'different message ids':<{width}} {summary['message_ids']:>7,}",
            f"  {'people that should be known':<{width}} {summary['people']:>7,}",
            f"  {'messages for the quarantine':<{width}} {summary['for_quarantine']:>7,}",
            f"  {'batches (sent again)':<{width}} {summary['batches']:>7,} ({summary['batches_sent_again']})",
        ]
    )
