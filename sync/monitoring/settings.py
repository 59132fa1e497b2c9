"""Who may look at metrics and health, and how fresh the database's figures are."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

THIS_MACHINE: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    """Whoever calls from one of `networks`, or shows the token, may look; without a token the networks alone decide."""

    networks: tuple[Network, ...] = THIS_MACHINE
    token: str = field(default="", repr=False)
    places: Mapping[str, Path] = field(default_factory=dict)
    """Folders that the daemon writes to, by what they are for."""
    traces_url: str = ""
    """Where spans are sent, as OTLP over HTTP; empty: nowhere."""
    traces_share: float = 1.0
    traces_token: str = field(default="", repr=False)
    fresh_seconds: float = 5.0
    """The database is asked at most so often, whoever scrapes."""
