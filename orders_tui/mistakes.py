"""Where a mistake of ours is written down: its traceback goes to a file, the person gets one sentence."""

from __future__ import annotations

import os
import traceback
from datetime import UTC, datetime

from orders_tui.cli.exits import state_directory


def write_down(error: BaseException) -> str:
    """Append the traceback to the log in the state directory; the sentence names the file."""
    kind = type(error).__name__
    try:
        directory = state_directory()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / "errors.log"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} console\n")
            file.writelines(traceback.format_exception(error))
    except OSError:
        return f"Something went wrong inside the console ({kind}), and its log could not be written."
    return f"Something went wrong inside the console ({kind}): the details are in {path}."
