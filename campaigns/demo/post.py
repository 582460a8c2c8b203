"""Posting messages as SDKs do: in zipped batches, again with the same ids when the server says to wait."""

import base64
import gzip
import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

BATCH = 50
MOST_TRIES = 8
_REACHED_IN = 4
_TIMEOUT_SECONDS = 15
_LONGEST_WAIT_SECONDS = 30


class NotTaken(Exception):
    """The address did not take a batch; the message says what it said."""


@dataclass(frozen=True, slots=True)
class Posted:
    """How the posting went."""

    batches: int
    #: Batches that were sent again because the server was busy or away.
    again: int


def post(
    *,
    url: str,
    write_key: str,
    messages: Sequence[Mapping[str, Any]],
    sent_at: str,
    progress: Callable[[int], None],
) -> Posted:
    """Send all messages in order and call `progress` with how many are confirmed. Raises NotTaken."""
    address = urlsplit(url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise NotTaken(f"{url} is no http address.")
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    again = 0
    sent = 0
    with closing(kind(address.hostname, address.port, timeout=_TIMEOUT_SECONDS)) as connection:
        _reach(connection, url)
        for batch in _batches(messages):
            again += _send(connection, address.path.rstrip("/") + "/v1/batch", write_key, batch, sent_at)
            sent += len(batch)
            progress(sent)
    return Posted(batches=-(-len(messages) // BATCH), again=again)


def _reach(connection: http.client.HTTPConnection, url: str) -> None:
    """Raises NotTaken within seconds where nobody listens: what is not there yet is not waited for as a restart is."""
    said = ""
    for tries in range(_REACHED_IN):
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            said = error.strerror or type(error).__name__
        else:
            return
        if tries + 1 < _REACHED_IN:
            time.sleep(0.5)
    raise NotTaken(f"Nobody answers at {url} ({said}). Start the installation, or say where it is with --url.")


def _batches(messages: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    for start in range(0, len(messages), BATCH):
        yield messages[start : start + BATCH]


def _send(
    connection: http.client.HTTPConnection,
    path: str,
    write_key: str,
    batch: Sequence[Mapping[str, Any]],
    sent_at: str,
) -> int:
    """How often it had to be repeated."""
    body = gzip.compress(json.dumps({"batch": batch, "sentAt": sent_at}).encode())
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode(),
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    said = ""
    for tries in range(MOST_TRIES):
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = f"{answer.status}: {_message(answer.read())}"
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            said, wait = f"no answer ({error or type(error).__name__})", 0.5 * 2**tries
        else:
            if answer.status == 200:
                return tries
            if answer.status != 429 and answer.status < 500:
                break
            wait = _seconds(answer.headers.get("Retry-After")) or 0.5 * 2**tries
        if tries + 1 < MOST_TRIES:
            time.sleep(min(wait, _LONGEST_WAIT_SECONDS))
    raise NotTaken(f"{connection.host}:{connection.port} did not take a batch: {said}. --url says where to send.")


def _message(reply: bytes) -> str:
    try:
        return str(json.loads(reply)["message"])
    except (ValueError, KeyError, TypeError):
        return "nothing that could be read"


def _seconds(header: str | None) -> float:
    return float(header) if header and header.isdigit() else 0.0
