"""Named places where a test ends or freezes the process exactly there (FAULTS F1, F21). Off, and free, otherwise.

`MARTECHOPS_CRASH_AT` names the place; `MARTECHOPS_CRASH_MARK` is a file that is made by the first process to get there,
so that the one started in its place goes on; `MARTECHOPS_CRASH_BY` is the signal, KILL unless it says STOP.
"""

import os
import signal

_WANTED = os.environ.get("MARTECHOPS_CRASH_AT", "")
_MARK = os.environ.get("MARTECHOPS_CRASH_MARK", "")
_BY = signal.Signals[f"SIG{os.environ.get('MARTECHOPS_CRASH_BY', 'KILL')}"]


def at(name: str) -> None:
    """End here if this is the place, and nobody has ended here before."""
    if name == _WANTED and _is_first():
        os.kill(os.getpid(), _BY)


def _is_first() -> bool:
    """Making the file is what decides it: of two processes one succeeds."""
    if not _MARK:
        return True
    try:
        os.close(os.open(_MARK, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
