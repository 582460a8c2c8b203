"""Names held against the workspace's conventions."""

from collections.abc import Iterator

from workflows.engine.naming import BadConvention, compile_convention

from .workspace import Workspace


def objections(name: str, subject: str, workspace: Workspace) -> Iterator[str]:
    """Why a name of this kind ("event", "campaign", "utm", "channel") does not follow its conventions; one will do."""
    made = [row for row in workspace.conventions.values() if row.subject == subject]
    said: list[str] = []
    for row in made:
        try:
            convention = compile_convention(list(row.parts), separator=row.separator)
        except BadConvention:
            continue
        if convention.parse(name) is not None:
            return
        wrong = [check.says for check in convention.explain(name) if not check.holds]
        said.append("; ".join(wrong) or f"a name is {convention.example()}")
    yield from said[:1]
