"""The roles people and services have, and which of them may more than which."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is here (`users.role`)."""

    VIEWER = "viewer"
    """Sees everything, changes nothing."""
    OPERATOR = "operator"
    """Works on orders, stock and parcels."""
    SUPERVISOR = "supervisor"
    """Also changes how the house works: rules, shops, shared views."""
    ADMIN = "admin"
    """Also says who is what."""
    CREATOR = "creator"
    """Sees what is of his own shops, changes nothing."""
    SERVICE = "service"
    """A program: sees everything and works."""

    @property
    def group(self) -> str:
        """The role of the database cluster that stands for it."""
        return f"orders_{self.value}"


LOOKS = (Role.VIEWER, Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN, Role.SERVICE)
"""They see every creator's orders."""
WORKS = (Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN, Role.SERVICE)
LEADS = (Role.SUPERVISOR, Role.ADMIN)
ADMINISTERS = (Role.ADMIN,)
