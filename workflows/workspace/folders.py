"""Workspace files in a folder: read with care, written so that nobody's own files are touched."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

#: Path within the workspace, with slashes → what the file holds.
Files = Mapping[str, bytes]

MANIFEST = ".martechops-files.json"
ENDINGS = (".yaml", ".yml")
LARGEST_FILE = 2_000_000
MOST_FILES = 10_000
LARGEST_TOTAL = 50_000_000


class CannotRead(Exception):
    """The files cannot be taken at all; the message says why."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an export did, by path."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    #: Of something that is gone, but changed by somebody since it was written, so left there.
    left: tuple[str, ...]


def is_ours(path: str) -> bool:
    """Whether a workspace looks at a file of this path: YAML, and nothing hidden.

    >>> is_ours("fields/email.yaml"), is_ours(".github/workflows/ci.yml"), is_ours("README.md")
    (True, False, False)
    """
    parts = PurePosixPath(path).parts
    return path.endswith(ENDINGS) and not any(part.startswith(".") for part in parts)


def read(folder: Path) -> dict[str, bytes]:
    """Every YAML file below the folder that is not hidden. Raises CannotRead."""
    if not folder.is_dir():
        raise CannotRead(f"There is no folder {folder}.")
    found: dict[str, bytes] = {}
    total = 0
    for path in _paths(folder):
        if path.is_symlink():
            raise CannotRead(f"{path} is a link: a workspace holds its files itself.")
        found[path.relative_to(folder).as_posix()] = raw = path.read_bytes()
        total += len(raw)
        check_sizes(path.as_posix(), len(raw), total=total, count=len(found))
    return found


def check_sizes(path: str, size: int, *, total: int, count: int) -> None:
    """Raises CannotRead for more than anybody keeps in a workspace."""
    if size > LARGEST_FILE:
        raise CannotRead(f"{path} is larger than {LARGEST_FILE // 1_000_000} MB.")
    if total > LARGEST_TOTAL or count > MOST_FILES:
        raise CannotRead(f"There are more than {MOST_FILES} files or {LARGEST_TOTAL // 1_000_000} MB.")


def write(folder: Path, files: Files, *, kept: Collection[str] = ()) -> Written:
    """Make the folder hold these files; of what is there besides, only what an export wrote itself goes.

    `kept` are paths that somebody wrote and that stay as they are. Raises CannotRead for a folder that cannot be
    written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = _known(folder)
        written = [path for path, raw in files.items() if _put(folder / path, raw)]
        gone = {path: digest for path, digest in known.items() if path not in files and path not in kept}
        removed, left = _remove(folder, gone)
        stays = {path: digest for path, digest in known.items() if path in kept}
        _note(folder, {path: _digest(raw) for path, raw in files.items()} | stays)
    except OSError as error:
        raise CannotRead(f"{error.filename or folder}: {error.strerror}.") from None
    unchanged = [*kept, *(path for path in files if path not in written)]
    return Written(tuple(written), tuple(sorted(unchanged)), tuple(removed), tuple(left))


def written_before(folder: Path) -> frozenset[str]:
    """Paths of what the last export wrote."""
    return frozenset(_known(folder))


def _put(target: Path, raw: bytes) -> bool:
    """Whether the file had to be written."""
    if target.is_file() and not target.is_symlink() and target.read_bytes() == raw:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_bytes(raw)
    return True


def _paths(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if is_ours(path.relative_to(folder).as_posix()) and (path.is_file() or path.is_symlink()):
            yield path


def _known(folder: Path) -> dict[str, str]:
    """What the last export wrote, by path; a manifest that somebody damaged protects everything."""
    try:
        files = json.loads((folder / MANIFEST).read_text())["files"]
        return {str(path): str(digest) for path, digest in files.items() if _stays_inside(path)}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}


def _stays_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts


def _remove(folder: Path, gone: Mapping[str, str]) -> tuple[list[str], list[str]]:
    removed, left = [], []
    for path, digest in gone.items():
        target = folder / path
        if not target.is_file() or target.is_symlink():
            continue
        if _digest(target.read_bytes()) != digest:
            left.append(path)
            continue
        target.unlink()
        removed.append(path)
        if not any(target.parent.iterdir()) and target.parent != folder:
            target.parent.rmdir()
    return removed, left


def _note(folder: Path, digests: Mapping[str, str]) -> None:
    manifest = {"written_by": "manage.py export", "files": dict(sorted(digests.items()))}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
