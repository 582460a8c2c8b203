"""Every address of the product and who may come in by it: default deny (FAULTS S1).

An address that is not in `DOORS` is closed to everybody. The views behind these doors may ask for more (one's own team,
a scope, a state), never for less. A generated test walks every address with every role.
"""

from .door import Door, Key, page
from .middleware import DoorMiddleware
from .routes import door_of, routes
from .table import DOORS

__all__ = ["DOORS", "Door", "DoorMiddleware", "Key", "door_of", "page", "routes"]
