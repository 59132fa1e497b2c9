"""A secret from standard input, a prompt without echo, or a file; never from the command line, where every process list shows it."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from engine.errors import Misconfigured


def read_secret(prompt: str, file: Path | None = None) -> str:
    """The secret's first line. Raises Misconfigured when there is none."""
    if file is not None:
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = (getattr(error, "strerror", None) or "it is no text").lower()
            raise Misconfigured("usage.secret_file", f"{file} cannot be read ({reason}); name another.") from None
    elif sys.stdin.isatty():
        text = getpass.getpass(prompt)
    else:
        text = sys.stdin.readline()
    secret = text.strip().partition("\n")[0].strip()
    if not secret:
        raise Misconfigured("usage.no_secret", "Nothing was given on standard input; give one line.")
    return secret
