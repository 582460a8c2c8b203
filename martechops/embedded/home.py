"""Where one installation keeps its state."""

import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

POSTGRES_MAJOR = 18


@dataclass(frozen=True, slots=True)
class Home:
    """The folder named by MARTECHOPS_HOME and the places inside it."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "Home":
        return cls(root=root.expanduser().resolve())

    @property
    def postgres_data(self) -> Path:
        """The data folder; the major version is in its name, because another major cannot open it."""
        return self.root / f"postgres-{POSTGRES_MAJOR}"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def socket_folder(self) -> Path:
        """A short path of its own: a unix socket's path may have 107 bytes, and MARTECHOPS_HOME may be deep."""
        name = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"martechops-{name}"

    def database_url(self, *, name: str = "martechops") -> str:
        """The embedded server's address, over its unix socket."""
        return f"postgres://martechops@{quote(str(self.socket_folder), safe='')}:5432/{name}"

    def secret_key(self) -> str:
        """This installation's own key, made on first use and kept readable for its owner only."""
        path = self.root / "secret-key"
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            self.root.mkdir(parents=True, exist_ok=True)
            key = secrets.token_urlsafe(48)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(key)
            return key
