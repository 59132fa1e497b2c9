"""Where the configuration lies."""

from __future__ import annotations

import os
from pathlib import Path

PATH_VARIABLE = "ORDERS_TUI_CONFIG"


def settings_path() -> Path:
    """Where the file is looked for: `$ORDERS_TUI_CONFIG`, else the person's configuration directory."""
    if named := os.environ.get(PATH_VARIABLE):
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_config_path("orders-tui", appauthor=False) / "config.toml"


def settings_cache() -> Path:
    """Where a console keeps what it starts with."""
    import platformdirs

    return platformdirs.user_cache_path("orders-tui", appauthor=False) / "console.json"
