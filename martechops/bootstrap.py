"""Makes the interpreter that runs manage.py one that has the project's dependencies (standard library only)."""


def ensure() -> None:
    """Return at once when Django is importable."""
