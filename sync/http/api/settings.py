"""Whom the API believes, and how much one of them may ask of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Misconfigured

_LONGEST_KEYS_SECONDS = 600.0
"""Issuers let their keys be cached so long, and take one away that long after they stopped signing with it."""


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Whose tokens are believed beside those the program issued itself; none by default.

    Raises Misconfigured for keys without an issuer, whose tokens could be anybody's.
    """

    issuer: str = ""
    """What `iss` has to say, to the letter."""
    audience: str = "authenticated"
    keys_url: str = ""
    """A JWKS; empty means the issuer's well-known one, unless a file or a secret takes its place."""
    keys_file: Path | None = None
    secret: str = field(default="", repr=False)
    """For tokens signed with HS256."""
    leeway_seconds: float = 30.0
    keys_seconds: float = 300.0
    """How long fetched keys are used without asking again."""
    look_again_seconds: float = 2.0
    """How long it is believed what was read of a user: so long a disabled one still gets in."""

    def __post_init__(self) -> None:
        if not self.issuer and (self.keys_url or self.keys_file or self.secret):
            raise Misconfigured(
                "access.no_issuer",
                "Tokens of another issuer are to be believed, and access.issuer does not say whose: set it to what they say in iss.",
            )

    @property
    def url(self) -> str:
        """Where the keys are fetched; empty where they are not."""
        if self.keys_url or not self.issuer or self.keys_file or self.secret:
            return self.keys_url
        return f"{self.issuer}/.well-known/jwks.json"


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How the API works; 0 calls a second means no limit."""

    enabled: bool = True
    access: AccessSettings = field(default_factory=AccessSettings)
    connections: int = 6
    """To the database, beside the engine's own."""
    calls_per_second: int = 400
    """Of everybody together, over all daemons."""
    user_calls_per_second: int = 50
    source_calls_per_second: int = 200
    refused_per_minute: int = 60
    """Tokens of one source that are refused before it is no longer heard."""
    most_at_once: int = 128
    """Requests that are answered at the same time; the others are told to come again."""
    request_seconds: float = 30.0
    largest_body_bytes: int = 1_048_576
    origins: tuple[str, ...] = ()
    """Web pages whose scripts may call; none by default."""
