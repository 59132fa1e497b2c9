"""From settings and secrets to a daemon's parts. The only place where the configuration meets the outside world's clients."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from engine.errors import Misconfigured
from orders_tui.services.connecting import TikTokAccess
from sync.daemon import Daemon
from sync.daemon_settings import DaemonSettings
from sync.delivery import DeliverySettings
from sync.http.settings import HttpSettings
from sync.inventory.service import ServiceSettings
from sync.notices.folder import FolderOutbox
from sync.notices.letter import Outbox
from sync.notices.post_office import PostSettings
from sync.notices.sending import SendingSettings
from sync.notices.smtp import SmtpOutbox
from sync.outside import Outside, OutsideSettings
from sync.tiktok.polling import PollSettings
from sync.tiktok.token_calls import AppCredentials

if TYPE_CHECKING:
    from engine.database.connection import Database
    from orders_tui.settings import Settings
    from sync.rates import RedisSettings


def build_daemon(settings: Settings, database: Database) -> Daemon:
    """A daemon over this database. Raises Misconfigured for a missing secret, naming it and where it may be put."""
    token = database.secrets.read("metrics_token") if settings.http.enabled else None
    traces_token = database.secrets.read("traces_token") if settings.telemetry.traces_url else None
    working = replace(
        daemon_settings(settings),
        http=_http_settings(settings, database),
        monitoring=settings.telemetry.for_daemon(
            token.reveal() if token is not None else "",
            _written_to(settings, database),
            traces_token.reveal() if traces_token is not None else "",
        ),
        alerts=settings.alerts.for_daemon(),
    )
    return Daemon(database, outside_settings(settings, database), notice_outbox(settings, database), working)


def _written_to(settings: Settings, database: Database) -> dict[str, Path]:
    """The folders a daemon writes to, by what they are for."""
    home = _home(database)
    places = {"data": home, "letters": settings.notices.folder, "paper": settings.printing.folder}
    return {name: place for name, place in places.items() if place is not None}


def _http_settings(settings: Settings, database: Database) -> HttpSettings:
    """The listener's; its secrets are read only where it listens."""
    if not settings.http.enabled:
        return HttpSettings()
    easypost, jwt = database.secrets.read("easypost_webhook_secret"), database.secrets.read("jwt_secret")
    access = settings.access.for_api(jwt.reveal() if jwt else "")
    return settings.http.for_listener(
        easypost.reveal() if easypost else "", settings.api.for_listener(settings.http, access)
    )


def outside_settings(settings: Settings, database: Database) -> OutsideSettings:
    """Where the dependencies are, with the secrets that open them."""
    return OutsideSettings(
        tiktok_base_url=settings.tiktok.base_url,
        tiktok_auth_url=settings.tiktok.auth_url,
        app=_app(settings, database),
        carrier_base_url=settings.carrier.base_url,
        easypost=settings.carrier.for_easypost(_secret(database, "easypost_api_key")),
        tiktok=settings.tiktok.for_client(),
        labels=settings.carrier.for_labels(),
        tiktok_shipping=settings.carrier.for_tiktok_shipping(settings.tiktok.markets),
        shipping=settings.tiktok.for_shipping(),
        cancellations=settings.tiktok.for_cancellations(),
        notices=PostSettings(
            templates=settings.notices.templates,
            bounces=settings.notices.bounces,
            apprise=settings.notices.for_apprise(),
            sending=SendingSettings(
                idle_seconds=settings.daemon.idle_seconds, retries=settings.retries.notices.for_engine()
            ),
        ),
        tiktok_calls_per_second=settings.tiktok.calls_per_second,
        carrier_calls_per_second=settings.carrier.calls_per_second,
        tiktok_breaker=settings.breakers.tiktok.for_guard(),
        carrier_breaker=settings.breakers.carrier.for_guard(),
        redis=_redis(settings, database),
        inventory=_inventory_service(settings, database),
        inventory_breaker=settings.breakers.inventory.for_guard(),
        inventory_read_retries=settings.retries.inventory.for_engine(),
    )


def _inventory_service(settings: Settings, database: Database) -> ServiceSettings | None:
    if not settings.inventory.url:
        return None
    return ServiceSettings(settings.inventory.url, _secret(database, "inventory_api_key"))


def open_outside(settings: Settings, database: Database) -> Outside:
    """The outside world for a command that asks it something; entered and left like a daemon's."""
    return Outside(database, outside_settings(settings, database), notice_outbox(settings, database))


def _redis(settings: Settings, database: Database) -> RedisSettings:
    """A Redis may do without a password; two apps never count each other's calls."""
    password = database.secrets.read("redis_password") if settings.limits.redis_url else None
    return settings.limits.for_rates(password.reveal() if password else "", settings.tiktok.app_key)


def tiktok_access(settings: Settings, database: Database) -> TikTokAccess:
    """TikTok alone, with the app's secret: what connecting a shop takes."""
    return TikTokAccess(
        base_url=settings.tiktok.base_url,
        auth_url=settings.tiktok.auth_url,
        app=_app(settings, database),
        settings=settings.tiktok.for_client(),
        calls_per_second=settings.tiktok.calls_per_second,
        breaker=settings.breakers.tiktok.for_guard(),
    )


def _app(settings: Settings, database: Database) -> AppCredentials:
    if not settings.tiktok.app_key:
        raise Misconfigured(
            "tiktok.no_app_key", "There is no TikTok app yet: set tiktok.app_key, and tiktok_app_secret as a secret."
        )
    return AppCredentials(settings.tiktok.app_key, _secret(database, "tiktok_app_secret"))


def daemon_settings(settings: Settings) -> DaemonSettings:
    """How the daemon works."""
    daemon = settings.daemon
    return DaemonSettings(
        version=metadata.version("orders-tui"),
        poll_seconds=settings.tiktok.poll_seconds,
        reread_seconds=settings.tiktok.reread_seconds,
        tracking_seconds=settings.carrier.tracking_seconds,
        tracking_tick_seconds=min(settings.carrier.tracking_seconds, 5.0),
        inbox_batch=daemon.inbox_batch_size,
        workflow_batch=daemon.workflow_batch_size,
        idle_seconds=daemon.idle_seconds,
        drain_seconds=daemon.drain_seconds,
        seal_seconds=daemon.seal_seconds,
        rule_run_days=daemon.rule_run_days,
        poll=PollSettings(overlap_seconds=settings.tiktok.overlap_seconds, slice_seconds=settings.tiktok.slice_seconds),
        push=settings.inventory.for_push(),
        backup=settings.backup.for_daemon(),
        privacy=settings.privacy.for_daemon(),
        mirror_seconds=settings.inventory.mirror_seconds,
        delivery=DeliverySettings(
            batch=daemon.effect_batch_size, idle_seconds=daemon.idle_seconds, budgets=settings.retries.for_engine()
        ),
    )


def notice_outbox(settings: Settings, database: Database) -> Outbox:
    """The way letters leave: the mail server if one is set, else the folder."""
    if settings.notices.smtp is not None:
        password = _secret(database, "smtp_password") if settings.notices.smtp.username else ""
        smtp = settings.notices.for_smtp(password)
        assert smtp is not None
        return SmtpOutbox(smtp)
    return FolderOutbox(settings.notices.for_folder(_home(database)))


def _home(database: Database) -> Path:
    return database.data_directory or Path(platformdirs.user_data_dir("orders-tui"))


def _secret(database: Database, name: str) -> str:
    found = database.secrets.read(name)
    if found is None:
        variable = f"ORDERS_TUI_{name.upper()}"
        raise Misconfigured(
            f"secret.missing.{name}",
            f"The secret {name} is missing: set {variable}, or name its file in {variable}_FILE.",
        )
    return found.reveal()
