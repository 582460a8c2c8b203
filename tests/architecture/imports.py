"""Who imports whom, read from the source: nothing is run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TOP = ("martechops", "workflows", "campaigns", "reporting")


@dataclass(frozen=True, slots=True)
class Module:
    """One source file of the product."""

    name: str
    path: Path
    tree: ast.Module

    def imports(self) -> Iterator[tuple[str, int]]:
        """Full name and line of everything imported, wherever in the file; `from a import b` counts as `a.b`."""
        package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                base = ".".join([*parents, *([node.module] if node.module else [])])
                yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)

    def calls(self) -> Iterator[tuple[str, int]]:
        """Dotted name and line of everything called, such as `datetime.now`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node.lineno


def modules() -> list[Module]:
    """Every module of the product except migrations."""
    paths = sorted(path for top in TOP for path in (ROOT / top).rglob("*.py") if "migrations" not in path.parts)
    return [Module(name=_name(path), path=path, tree=ast.parse(path.read_text())) for path in paths]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_within(name: str, package: str) -> bool:
    """True for the package itself and everything below it."""
    return name == package or name.startswith(f"{package}.")
