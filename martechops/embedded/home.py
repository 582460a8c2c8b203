"""Where one installation keeps its state."""

import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


class EmbeddedError(Exception):
    """One clear sentence on why the embedded installation cannot go on, and what to do; shown without a traceback."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder named by MARTECHOPS_HOME and the places inside it."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "Home":
        return cls(root=root.expanduser().resolve())

    def postgres_data(self, *, major: int) -> Path:
        """The data folder; the major version is in its name, because another major cannot open it."""
        return self.root / f"postgres-{major}"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def up_file(self) -> Path:
        """Locked by the `up` that runs here; holds its pid and address."""
        return self.root / "up.json"

    @property
    def socket_folder(self) -> Path:
        """A short path of its own: a unix socket's path may have 107 bytes, and MARTECHOPS_HOME may be deep.

        Always below /tmp, never TMPDIR: every later command must find the server, whatever its shell has set.
        """
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        return Path("/tmp") / f"martechops-{name}"  # noqa: S108 - 0700, and its owner is checked before use

    def database_url(self, *, name: str = "martechops") -> str:
        """The embedded server's address, over its unix socket."""
        return f"postgres://martechops@{quote(str(self.socket_folder), safe='')}:5432/{name}"

    def prepare(self) -> None:
        """Make the folder and its logs; raises EmbeddedError where that is not allowed."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def secret_key(self) -> str:
        """This installation's own key, made on first use and kept readable for its owner only."""
        path = self.root / "secret-key"
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            return self._new_secret_key(path)
        except OSError as error:
            raise EmbeddedError(
                f"Cannot read {path} ({error.strerror}); run as the user who owns it, or set MARTECHOPS_HOME."
            ) from error

    def _new_secret_key(self, path: Path) -> str:
        """Several processes may start at once: the first to link its file wins, and all read that one."""
        self.prepare()
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            return path.read_text().strip()
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            draft.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> EmbeddedError:
        return EmbeddedError(
            f"Cannot write to {self.root} ({error.strerror}); set MARTECHOPS_HOME to a folder you may write to."
        )
