"""Why the bundled server cannot serve: one sentence each, with the mend."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from engine.errors import Unreachable


class EmbeddedError(Unreachable):
    """The bundled server cannot be used; `sentence` names the thing and the mend."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"embedded.{code}", sentence)


def disk_full(directory: Path) -> EmbeddedError:
    """The error for a full disk under `directory`."""
    return EmbeddedError(
        "disk_full",
        f"The disk that holds {directory} is full: free some space on it, then start again; nothing stored is lost.",
    )


@contextlib.contextmanager
def os_errors_as_sentences(directory: Path) -> Iterator[None]:
    """Turns what the system says about files under `directory` into an EmbeddedError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(directory) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise EmbeddedError(
                "not_writable",
                f"The data directory {directory} cannot be written by this account"
                f" ({error.filename or directory}: {error.strerror}): mend its permissions or choose another data"
                " directory.",
            ) from error
        raise EmbeddedError(
            "data_directory",
            f"The data directory {directory} cannot be used ({error.filename or directory}: {error.strerror}).",
        ) from error
