"""What `orders-tui doctor` finds of this machine: versions, disks, certificates, who may look at metrics."""

from __future__ import annotations

import platform
import shutil
import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from cryptography import x509

from orders_tui.cli.findings import Finding
from orders_tui.settings import Settings

LEAST_PYTHON = (3, 11)
LEAST_FREE, ENOUGH_FREE = 0.05, 0.15
SOON_DAYS = 21


def version_findings() -> Iterator[Finding]:
    """Python and the program."""
    fine = sys.version_info >= LEAST_PYTHON
    words = platform.python_version()
    yield Finding("python", fine=fine, sentence=words if fine else f"{words}: 3.11 or newer is needed")
    yield Finding("program", fine=True, sentence=f"orders-tui {metadata.version('orders-tui')}")


def disk_findings(settings: Settings, home: Path) -> Iterator[Finding]:
    """Room where the program writes; places on one disk are one line."""
    places = {
        "data": home,
        "letters": settings.notices.folder,
        "paper": settings.printing.folder,
        "backups": settings.backup.directory,
    }
    seen: dict[int, list[str]] = {}
    at: dict[int, Path] = {}
    for name, place in places.items():
        if place is not None:
            folder = next(each for each in (place, *place.absolute().parents) if each.exists())
            device = folder.stat().st_dev
            seen.setdefault(device, []).append(name)
            at.setdefault(device, folder)
    for device, names in seen.items():
        usage = shutil.disk_usage(at[device])
        share = usage.free / usage.total if usage.total else 1.0
        words = f"{usage.free / 1024**3:,.1f} GiB free ({share:.0%}) for {', '.join(names)}"
        if share < ENOUGH_FREE:
            urgent = "it is nearly full" if share < LEAST_FREE else "it fills"
            words += f": {urgent}; make room at {at[device]}"
        yield Finding("disk", fine=share >= ENOUGH_FREE, sentence=words)


def listener_findings(settings: Settings) -> Iterator[Finding]:
    """The daemon's own listener: its certificate, and who may look at what it tells."""
    http = settings.http
    if not http.enabled:
        yield Finding("listener", fine=True, sentence="off (http.enabled): no webhooks, no REST, no metrics")
        return
    spoken = "TLS 1.3" if http.certificate else "in clear, for this machine or the proxy in front"
    yield Finding("listener", fine=True, sentence=f"{http.host}:{http.port}, {spoken}")
    if http.certificate is not None:
        yield _certificate(http.certificate, http.private_key)
    networks = ", ".join(str(network) for network in settings.telemetry.networks)
    yield Finding(
        "metrics", fine=True, sentence=f"for this machine{f' and {networks}' if networks else ''}, and by metrics_token"
    )


def _certificate(certificate: Path, private_key: Path | None) -> Finding:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key)
        ends = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no certificate with its key"
        mend = f"{certificate} cannot be used ({reason.lower()}): give http.certificate and http.private_key in PEM"
        return Finding("certificate", fine=False, sentence=mend)
    left = (ends - datetime.now(UTC)).days
    if left < 0:
        return Finding("certificate", fine=False, sentence=f"{certificate} ended on {ends:%Y-%m-%d}: renew it")
    words = f"{certificate} holds until {ends:%Y-%m-%d}"
    return Finding(
        "certificate", fine=left >= SOON_DAYS, sentence=words if left >= SOON_DAYS else f"{words}: renew it now"
    )
