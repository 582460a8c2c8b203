"""Named places where a test ends or freezes the process exactly there (FAULTS F1, F2, F21). Off, and free, otherwise.

`MARTECHOPS_CRASH_ORDERS` names a folder. A file in it that is called like a place is an order: the first process that
gets there takes it, by adding its process id to the file's name, and sends itself the signal that stands in it (KILL
or STOP). Whoever gets there later goes on, so an order is carried out once, whichever process it meets.
"""

import os
import signal
from pathlib import Path

#: Every place that product code names, and what is true there.
PLACES = {
    "ingest.storing": "messages are in the database, not committed",
    "ingest.stored": "messages are committed, the sender has not been told",
    "advance.held": "lanes are held and noted, nothing is taken yet",
    "advance.taken": "events and timers are deleted from the queue, not committed",
    "advance.written": "everything that was decided is written, not committed",
    "advance.committed": "a batch is committed, its lanes are still held",
    "deliver.reserving": "effects are marked, not committed",
    "deliver.reserved": "effects are reserved, nothing has left",
    "deliver.calling": "a call is about to leave",
    "deliver.answered": "the far side answered a call, and nobody else knows",
    "deliver.called": "a call was answered, nothing is recorded",
    "deliver.recording": "outcomes are written, not committed",
    "deliver.recorded": "outcomes are committed",
    "rollout.decided": "a rollout's step and its switch are written, not committed",
    "rollout.committed": "a rollout's step is committed, nothing that follows from it is done",
    "repair.written": "a batch of a repair is written, not committed",
    "replay.written": "a part of a replay is written, not committed",
    "poll.answered": "a far side told what changed there, nothing of it is stored",
    "poll.stored": "what was told and the cursor are committed",
}

_ORDERS = os.environ.get("MARTECHOPS_CRASH_ORDERS", "")


def at(place: str) -> None:
    """End or freeze here if that is ordered, and nobody has carried it out before."""
    if _ORDERS:
        _obey(Path(_ORDERS, place))


def _obey(order: Path) -> None:
    """Renaming is what decides it: of two processes one succeeds."""
    taken = Path(f"{order}.{os.getpid()}")
    try:
        order.rename(taken)
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.Signals[f"SIG{taken.read_text().strip() or 'KILL'}"])
