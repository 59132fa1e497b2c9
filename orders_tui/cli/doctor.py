"""`orders-tui doctor`: every dependency in one line, with the mend where something is missing."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import cyclopts
import platformdirs
from cyclopts import Parameter

from engine.database import migrate
from engine.database.connection import open_database
from engine.database.embedded import default_data_directory
from engine.errors import OrdersError
from engine.fleet.dependencies import read_states
from engine.paper.stations import list_stations
from engine.privacy.secrets import Secrets, system_keyring
from engine.reports.overview import pulse
from engine.shops.views import read_standings
from orders_tui.cli.doctor_house import house_findings
from orders_tui.cli.doctor_machine import disk_findings, listener_findings, version_findings
from orders_tui.cli.doctor_notices import notice_findings, target_findings
from orders_tui.cli.doctor_printing import printing_findings
from orders_tui.cli.exits import Exit, code_of
from orders_tui.cli.findings import Finding
from orders_tui.cli.output import emit, emit_json, narrate
from orders_tui.cli.status import is_well, line_of
from orders_tui.services.connecting import clock_of
from orders_tui.services.shops import ShopStatus
from orders_tui.settings import Settings
from orders_tui.settings_file import read_settings
from orders_tui.settings_path import settings_path
from sync.tiktok.scopes import missing

app = cyclopts.App(name="doctor", help="Check everything the program depends on, one line each.")

CONNECT_SECONDS = 3.0


@app.default
async def doctor(
    *, json: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object a line.")] = False
) -> int:
    """Check everything the program depends on, one line each."""
    settings = read_settings()
    worst = 0
    async for finding in findings(settings):
        worst = max(worst, finding.exit_code)
        if json:
            emit_json(finding)
        else:
            emit(f"{'ok  ' if finding.fine else 'MEND'}  {finding.name:<14} {finding.sentence}")
    return worst


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """What is found of each dependency, one after the other."""
    for finding in version_findings():
        yield finding
    path = settings_path()
    yield Finding("configuration", fine=True, sentence=f"{path}{'' if path.exists() else ' (none: defaults)'}")
    async for finding in _database(settings):
        yield finding
    for finding in (*disk_findings(settings, _home(settings)), *listener_findings(settings)):
        yield finding
    for name, base_url, secret, ready in (
        ("tiktok", settings.tiktok.base_url, "tiktok_app_secret", bool(settings.tiktok.app_key)),
        ("carrier", settings.carrier.base_url, "easypost_api_key", True),
    ):
        yield await _dependency(settings, name, base_url, secret, ready=ready)
    async for finding in notice_findings(settings, _secrets(settings), _data_directory(settings)):
        yield finding
    if settings.tiktok.app_key and (wrong := (await clock_of(settings.tiktok.base_url)).sentence):
        yield Finding("clock", fine=False, sentence=wrong)


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    try:
        database = await open_database(settings.database.for_engine(), os.environ, on_wait=narrate)
    except OrdersError as error:
        yield Finding("database", fine=False, sentence=error.sentence, exit_code=code_of(error))
        return
    try:
        version = await database.pool.fetchval("SHOW server_version")
        where = "shared" if settings.database.url else "embedded"
        yield Finding("database", fine=True, sentence=f"PostgreSQL {version}, {where}, schema {migrate.head()}")
        if database.vault.has_keys:
            yield Finding("master key", fine=True, sentence="personal data can be read")
        else:
            mend = "missing, so personal data shows masked: set ORDERS_TUI_MASTER_KEY or its credential file"
            yield Finding("master key", fine=False, sentence=mend, exit_code=Exit.REFUSED)
        now = await pulse(database)
        daemon = "at work" if now.daemon_alive else "none is running: start orders-tui daemon, or open the console"
        yield Finding("daemon", fine=now.daemon_alive, sentence=daemon)
        async for finding in house_findings(database, settings):
            yield finding
        async for finding in target_findings(database, settings):
            yield finding
        home = database.data_directory or platformdirs.user_data_path("orders-tui", appauthor=False)
        for finding in printing_findings(settings.printing.for_printers(), await list_stations(database), home):
            yield finding
        states = await read_states(database)
        for state in states:
            sentence = line_of(state).partition(" ")[2].strip()
            yield Finding(f"- {state.dependency}", fine=is_well(state), sentence=sentence)
        for gate in () if states else now.open_gates:
            yield Finding("breaker", fine=False, sentence=f"{gate} keeps failing and is left alone for a while")
        for shop in await read_standings(database):
            status = ShopStatus(shop, missing(shop.scopes))
            for trouble in status.troubles:
                yield Finding("- shop", fine=False, sentence=f"{shop.name}: {trouble}")
    finally:
        await database.close()


async def _dependency(settings: Settings, name: str, base_url: str, secret: str, *, ready: bool) -> Finding:
    if not ready or _secrets(settings).read(secret) is None:
        missing = "its app_key and secret are" if not ready else f"the secret {secret} is"
        return Finding(name, fine=False, sentence=f"not set up: {missing} missing (ORDERS_TUI_{secret.upper()})")
    parts = urlsplit(base_url)
    is_tls = parts.scheme == "https"
    return await _reach(name, parts.hostname or "", parts.port or (443 if is_tls else 80), is_tls=is_tls)


async def _reach(name: str, host: str, port: int, *, is_tls: bool) -> Finding:
    """Whether it answers; over TLS also whether its certificate holds, and for how long."""
    context = ssl.create_default_context() if is_tls else None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        mend = f"{host}:{port} shows a certificate that does not hold ({error.verify_message}): see who answers there"
        return Finding(name, fine=False, sentence=mend, exit_code=Exit.UNREACHABLE)
    except (OSError, TimeoutError) as error:
        reason = (getattr(error, "strerror", None) or "no answer").lower()
        return Finding(
            name, fine=False, sentence=f"{host}:{port} does not answer ({reason})", exit_code=Exit.UNREACHABLE
        )
    shown = writer.get_extra_info("peercert") or {}
    writer.close()
    if "notAfter" in shown:
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC)
        return Finding(name, fine=True, sentence=f"{host}:{port} answers; its certificate holds until {ends:%Y-%m-%d}")
    return Finding(name, fine=True, sentence=f"{host}:{port} answers")


def _home(settings: Settings) -> Path:
    """Where the program keeps what is not in a shared database."""
    if settings.database.url:
        return Path(platformdirs.user_data_path("orders-tui", appauthor=False))
    return _data_directory(settings)


def _secrets(settings: Settings) -> Secrets:
    shared = bool(settings.database.url)
    return Secrets(os.environ, data_directory=None if shared else _data_directory(settings), keyring=system_keyring())


def _data_directory(settings: Settings) -> Path:
    return settings.database.data_directory or default_data_directory()
