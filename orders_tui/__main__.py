"""`orders-tui` and `python -m orders_tui`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, or the console when nothing more is said, and exit with its code."""
    if sys.argv[1:]:
        from orders_tui.cli.app import run

        sys.exit(run(sys.argv[1:]))
    from orders_tui.app import run_console
    from orders_tui.cli.exits import guarded

    sys.exit(guarded(run_console))


if __name__ == "__main__":
    main()
