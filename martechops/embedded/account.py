"""Who runs PostgreSQL: it refuses to be root, so root lends it an account that owns nothing else."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group id; `borrowed` when they are not our own."""

    uid: int
    gid: int
    borrowed: bool

    def can_enter(self, path: Path) -> bool:
        """True when every folder down to `path` lets this account pass.

        Looks at the mode bits only: access lists could allow more, and then a copy is made that was not needed.
        """
        return not self.borrowed or all(self._may_search(folder) for folder in (path, *path.parents))

    def _may_search(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self.gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)

    def own(self, path: Path) -> None:
        if self.borrowed:
            os.chown(path, self.uid, self.gid)


def for_postgres() -> Account:
    """Ourselves, or `nobody` when we are root."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), borrowed=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(uid=65534, gid=65534, borrowed=True)
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid, borrowed=True)
