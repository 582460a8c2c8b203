"""The workspace as files: one a definition, sorted by kind, always spelled the same."""

import json
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from martechops.lib import strict_yaml, yaml_text
from workflows.workspace import folders, kinds, schemas, state
from workflows.workspace.folders import CannotRead, Files, Written
from workflows.workspace.kinds import Name, name_of

SCHEMAS = "schemas"


def files(*, live: bool = False) -> dict[str, bytes]:
    """Everything that the installation defines, by path, with the schemas that editors complete by."""
    found = state.current(live=live).documents
    places = kinds.paths(found)
    ordered = sorted(found, key=kinds.place_in_order)
    return {places[name]: text(found[name], path=places[name]) for name in ordered} | schema_files()


def write(folder: Path, *, live: bool = False) -> Written:
    """Bring a folder up to date: a file that says the same already stays, with its comments and where somebody put it.

    Raises CannotRead if something else is in the way.
    """
    found = state.current(live=live).documents
    there = _said(folder) if folder.is_dir() else {}
    places = kinds.paths(found) | {name: path for name, (path, _) in there.items() if name in found}
    kept = {places[name] for name, (_, said) in there.items() if name in found and said == found[name]}
    made = {
        places[name]: text(found[name], path=places[name])
        for name in sorted(found, key=kinds.place_in_order)
        if places[name] not in kept
    }
    _refuse_what_is_in_the_way(folder, made, ours={path for path, _ in there.values()})
    return folders.write(folder, made | schema_files(), kept=kept)


def write_schemas(folder: Path) -> Written:
    """The schemas alone, as <kind>.json."""
    return folders.write(folder, {posixpath.basename(path): raw for path, raw in schema_files().items()})


def schema_files() -> dict[str, bytes]:
    """JSON Schema of each kind, by path."""
    return {
        f"{SCHEMAS}/{kind}.json": (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()
        for kind, schema in schemas.all_kinds().items()
    }


def text(document: Mapping[str, Any], *, path: str) -> bytes:
    """One definition's file, with the line by which editors find its schema."""
    kind = document["kind"]
    schema = posixpath.relpath(f"{SCHEMAS}/{kind}.json", posixpath.dirname(path) or ".")
    body = in_order(schemas.brief(document), schemas.of(kind), schemas.of(kind))
    return (f"# yaml-language-server: $schema={schema}\n" + yaml_text.dump(body)).encode()


def _said(folder: Path) -> dict[Name, tuple[str, dict[str, Any]]]:
    """What files that are there define, as far as they can be read: the place of each, and what it says."""
    found: dict[Name, tuple[str, dict[str, Any]]] = {}
    for path, raw in folders.read(folder).items():
        try:
            data = strict_yaml.load(raw).data
            found.setdefault(name_of(data), (path, schemas.complete(data)))
        except (strict_yaml.BadYaml, KeyError, TypeError, AttributeError):
            continue
    return found


def _refuse_what_is_in_the_way(folder: Path, made: Files, *, ours: Iterable[str]) -> None:
    known = folders.written_before(folder) | set(ours)
    if strange := [path for path in made if path not in known and (folder / path).exists()]:
        raise CannotRead(f"{strange[0]} is there and is no file of this workspace: move it away first.")


def in_order(value: Any, schema: Any, whole: Mapping[str, Any]) -> Any:
    """Entries in the schema's order, others by name: PostgreSQL keeps no order of a document's entries."""
    schema = _resolved(schema, whole)
    if isinstance(value, list):
        return [in_order(item, schema.get("items"), whole) for item in value]
    if not isinstance(value, Mapping):
        return value
    known = schema.get("properties", {})
    ranks = {name: rank for rank, name in enumerate(known)}
    ordered = sorted(value, key=lambda name: (name.startswith("$"), ranks.get(name, len(ranks)), name))
    others = schema.get("additionalProperties")
    return {name: in_order(value[name], known.get(name, others), whole) for name in ordered}


def _resolved(schema: Any, whole: Mapping[str, Any]) -> Mapping[str, Any]:
    while isinstance(schema, Mapping) and "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema if isinstance(schema, Mapping) else {}
