"""The one error hierarchy, split by what the caller should do next.

Each error carries a stable `code` (audit, API, screens) and a sentence a person can act on. A programming mistake is none of these.
"""

from __future__ import annotations


class OrdersError(Exception):
    """A refusal or failure with a stable code and one sentence that names the thing and the mend."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Retryable(OrdersError):
    """It did not happen and may work later; `retry_after_seconds` is the other side's own wish, when it gave one.

    `postponed` marks waits that burn no attempt: a rate limit, an open breaker.
    """

    def __init__(
        self, code: str, sentence: str, *, retry_after_seconds: float | None = None, postponed: bool = False
    ) -> None:
        super().__init__(code, sentence)
        self.retry_after_seconds = retry_after_seconds
        self.postponed = postponed


class Terminal(OrdersError):
    """It did not happen and will not by itself: a person has to mend something first."""


class Ambiguous(OrdersError):
    """It may have happened: ask the other side before doing it again."""


class Conflict(OrdersError):
    """Somebody else changed the thing first; read it again and decide anew."""


class Refused(OrdersError):
    """The rules do not allow what was asked; nothing changed."""


class NotFound(OrdersError):
    """There is no such thing."""


class Misconfigured(OrdersError):
    """The program cannot run as it was set up; the sentence names the setting and the mend."""


class Unreachable(OrdersError):
    """Something the program needs (database, port, disk) is not there."""
