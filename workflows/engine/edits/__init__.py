"""Changes to a workflow file as data: what the editor posts, made by pure functions that can all be undone."""

from .merge import Clash, Merged, merge
from .operations import (
    AddStep,
    Between,
    CannotEdit,
    Connect,
    Disconnect,
    Document,
    Edit,
    MoveStep,
    RemoveStep,
    RenameStep,
    Replace,
    ReplaceStep,
    SetField,
    Several,
    inverse,
)

__all__ = [
    "AddStep",
    "Between",
    "CannotEdit",
    "Clash",
    "Connect",
    "Disconnect",
    "Document",
    "Edit",
    "Merged",
    "MoveStep",
    "RemoveStep",
    "RenameStep",
    "Replace",
    "ReplaceStep",
    "SetField",
    "Several",
    "inverse",
    "merge",
]
