"""Where the daemon listens, and how much it takes from one source."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.errors import Misconfigured
from sync.http.api.settings import ApiSettings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Raises Misconfigured for an address that the outside could reach in clear."""

    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = 8321
    """0 takes a free one."""
    public_url: str = ""
    """Under which TikTok and EasyPost reach it; https, by name and without a port."""
    trusted_proxies: tuple[Network, ...] = ()
    """Whose word on where a call came from is believed."""
    certificate: Path | None = None
    private_key: Path | None = None
    calls_per_second: int = 200
    """From one source; 0 means no limit."""
    largest_body_bytes: int = 1_048_576
    body_seconds: float = 5.0
    store_seconds: float = 2.5
    """TikTok waits three seconds for its answer."""
    easypost_signature: Literal["v1", "v2"] = "v1"
    easypost_secret: str = field(default="", repr=False)
    """Without it nothing of EasyPost's could be believed, and nothing is taken."""

    api: ApiSettings = field(default_factory=ApiSettings)

    def __post_init__(self) -> None:
        if self.enabled and not (self.certificate or self.trusted_proxies or is_loopback(self.host)):
            raise Misconfigured(
                "http.in_clear",
                f"http.host is {self.host}, where others could listen in: give http.certificate and http.private_key, name "
                "the proxy in front of it in http.trusted_proxies, or take 127.0.0.1.",
            )


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
