"""What the database itself holds people to: grants for the group roles. Applied by the migrations, again after each that adds a table."""

from __future__ import annotations

from engine.access.roles import LOOKS, WORKS, Role

_ALL = ", ".join(role.group for role in Role)
_WORKS = ", ".join(role.group for role in WORKS)
_LOOKS = ", ".join(role.group for role in (*LOOKS, Role.CREATOR))


def statements() -> list[str]:
    """Everything, in order; harmless when repeated."""
    return [
        f"GRANT USAGE ON SCHEMA orders TO {_ALL}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA orders TO {_LOOKS}",
        f"GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA orders TO {_WORKS}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA orders TO {_WORKS}",
    ]
