"""Settings: its parts, a setting changed and put back, quiet hours."""

from __future__ import annotations

from tests.factories import Factory
from tests.orders_tui.console.parity.case import Case, Scene


async def somebody_here(factory: Factory) -> None:
    """Whoever sits at the console is known by the database login that tests have."""
    await factory.database.pool.execute(
        "INSERT INTO users (display_name, role, login_role) VALUES ('Mira', 'admin', session_user)"
    )


SCENES = (
    Scene(
        "parts",
        (
            Case("go.settings", ("f10",), ("config", "show"), shows="this console: line"),
            Case("settings.next", ("comma", "right"), shows="orders-contrast"),
            Case("settings.change", ("f10", "down", "enter"), ("config", "set", "console.theme", "orders-light")),
            Case("settings.copy", ("f10", "y"), shows="config set console.theme"),
            Case("settings.reset", ("f10", "backspace"), ("config", "unset", "console.theme")),
            Case("settings.previous", ("f10", "left"), shows="this console: line"),
            Case(
                "settings.quiet_hours",
                ("f10", "n", "type:22:00-06:30 Europe/Berlin", "enter"),
                ("notices", "quiet-hours", "set", "Mira", "22:00", "06:30", "--zone", "Europe/Berlin"),
            ),
        ),
        somebody_here,
    ),
)
