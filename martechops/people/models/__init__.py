"""Who works here, what they may call the interface with, and how often something was tried."""

from .accounts import INCLUDED, Role, Team, User
from .limits import RateLimit
from .tokens import ApiToken

__all__ = ["INCLUDED", "ApiToken", "RateLimit", "Role", "Team", "User"]
