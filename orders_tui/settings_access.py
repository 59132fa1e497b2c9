"""What may be set of the REST interface: how much of it there is, and whose tokens it believes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveFloat, PositiveInt

from orders_tui.settings_outside import HttpSection, OwnPath, Section, WebAddress

if TYPE_CHECKING:
    from sync.http.api.settings import AccessSettings, ApiSettings


def _origin(text: str) -> str:
    if not text.startswith(("https://", "http://")) or text.count("/") != 2:
        raise ValueError("must be https:// and a name, without a path")
    return text


class AccessSection(Section):
    """Whose tokens are believed beside those of `orders-tui token issue`. Secret: `jwt_secret`, for issuers that sign with HS256."""

    issuer: str = ""
    """What the tokens say in `iss`, to the letter: https://….supabase.co/auth/v1."""
    audience: str = "authenticated"
    keys_url: WebAddress | Annotated[str, Field(pattern="^$")] = ""
    """The issuer's public keys (JWKS); without it they are at /.well-known/jwks.json under the issuer."""
    keys_file: OwnPath | None = None
    """The same as a file."""
    leeway_seconds: Annotated[float, Field(ge=0, le=60)] = 30.0
    keys_seconds: Annotated[float, Field(gt=0, le=600)] = 300.0
    look_again_seconds: Annotated[float, Field(ge=0, le=10)] = 2.0
    """So long a user who was disabled still gets in."""

    def for_api(self, secret: str) -> AccessSettings:
        """Raises Misconfigured for keys without an issuer."""
        from sync.http.api.settings import AccessSettings

        return AccessSettings(
            issuer=self.issuer,
            audience=self.audience,
            keys_url=self.keys_url,
            keys_file=self.keys_file,
            secret=secret,
            leeway_seconds=self.leeway_seconds,
            keys_seconds=self.keys_seconds,
            look_again_seconds=self.look_again_seconds,
        )


class ApiSection(Section):
    """The REST interface on the listener of `http`. No limit where it is 0; `http.calls_per_second` is what one address may."""

    enabled: bool = True
    connections: Annotated[int, Field(ge=1, le=100)] = 6
    """To the database, beside the daemon's own."""
    calls_per_second: NonNegativeInt = 400
    """Of everybody together."""
    user_calls_per_second: NonNegativeInt = 50
    refused_per_minute: NonNegativeInt = 60
    """Bad tokens of one address before it is not heard for a minute."""
    most_at_once: PositiveInt = 128
    request_seconds: PositiveFloat = 30.0
    largest_body_bytes: PositiveInt = 1_048_576
    origins: list[Annotated[str, AfterValidator(_origin)]] = Field(default_factory=list)
    """Web pages whose scripts may call, as https://orders.example.com; none by default."""

    def for_listener(self, http: HttpSection, access: AccessSettings) -> ApiSettings:
        from sync.http.api.settings import ApiSettings

        return ApiSettings(
            enabled=self.enabled,
            access=access,
            connections=self.connections,
            calls_per_second=self.calls_per_second,
            user_calls_per_second=self.user_calls_per_second,
            source_calls_per_second=http.calls_per_second,
            refused_per_minute=self.refused_per_minute,
            most_at_once=self.most_at_once,
            request_seconds=self.request_seconds,
            largest_body_bytes=self.largest_body_bytes,
            origins=tuple(self.origins),
        )
