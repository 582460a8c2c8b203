"""Workspace files in a zip archive, as browsers and programs send and take them."""

import io
import stat
import zipfile
from pathlib import PurePosixPath

from workflows.workspace.folders import (
    LARGEST_FILE,
    LARGEST_TOTAL,
    MOST_FILES,
    CannotRead,
    Files,
    check_sizes,
    is_ours,
)

LARGEST_ARCHIVE = 10_000_000
#: The one instant of every entry, so that equal files make equal archives.
_ALWAYS = (1980, 1, 1, 0, 0, 0)


def pack(files: Files) -> bytes:
    """An archive that holds the files; equal for equal files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, raw in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _ALWAYS)
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, raw)
    return made.getvalue()


def unpack(raw: bytes) -> dict[str, bytes]:
    """The workspace's files in an archive, also where all are in one folder. Raises CannotRead.

    Nothing is unpacked to disk, paths that lead elsewhere and links are refused, and no more is read than a workspace
    may hold, whatever the archive says of itself.
    """
    if len(raw) > LARGEST_ARCHIVE:
        raise CannotRead(f"The archive is larger than {LARGEST_ARCHIVE // 1_000_000} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _without_outer_folder(_read(archive))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise CannotRead(f"That is no zip archive that can be read: {str(error)[:200]}.") from None


def _read(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise CannotRead(f"The archive holds more than {MOST_FILES} files.")
    found: dict[str, bytes] = {}
    total = 0
    for entry in entries:
        path = entry.filename
        _check(entry)
        if not is_ours(path):
            continue
        if path in found:
            raise CannotRead(f"The archive holds {path} twice.")
        with archive.open(entry) as file:
            found[path] = file.read(min(LARGEST_FILE, LARGEST_TOTAL - total) + 1)
        total += len(found[path])
        check_sizes(path, len(found[path]), total=total, count=len(found))
    return found


def _check(entry: zipfile.ZipInfo) -> None:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename.partition("/")[0]:
        raise CannotRead(f"{entry.filename[:200]} leads out of the archive.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise CannotRead(f"{entry.filename[:200]} is a link.")
    if entry.flag_bits & 0x1:
        raise CannotRead("The archive is locked with a password.")


def _without_outer_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """People zip a folder as often as what is in it; kinds have folders of their own, so one alone may be theirs."""
    tops = {path.partition("/")[0] for path in files}
    if len(tops) == 1 and all(path.count("/") > 1 for path in files):
        (top,) = tops
        return {path.removeprefix(f"{top}/"): raw for path, raw in files.items()}
    return files
