"""The one configuration of all three packages: what may be set, and how it reaches the parts that use it.

Read once, at the start of a command (`orders_tui.settings_file.read_settings`): the environment
(`ORDERS_TUI_DATABASE__URL`) wins over the file. Secrets are not settings: they come through `engine.privacy.secrets`,
and a file that holds one is refused. Each section turns itself into the small frozen settings its part takes.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
)
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from engine.database.connection import DatabaseSettings
from engine.errors import Misconfigured
from engine.workflow.rules.forgetting import KEPT_DAYS
from orders_tui.printing.printers import PrintSettings, check_command
from orders_tui.scanner import ScannerOptions, Suffix
from orders_tui.settings_access import AccessSection, ApiSection
from orders_tui.settings_backup import BackupSection
from orders_tui.settings_outside import (
    BreakersSection,
    CarrierSection,
    HttpSection,
    InventorySection,
    LimitsSection,
    NoticesSection,
    OwnPath,
    RetriesSection,
    Section,
    TikTokSection,
)
from orders_tui.settings_privacy import PrivacySection
from orders_tui.settings_telemetry import AlertsSection, TelemetrySection
from orders_tui.settings_themes import ThemeSection

ENVIRONMENT_PREFIX = "ORDERS_TUI_"
NESTING = "__"


def _without_password(url: str) -> str:
    if urlsplit(url).password:
        raise Misconfigured(
            "database.url_has_password",
            "database.url holds a password: take it out and set ORDERS_TUI_DATABASE_PASSWORD or its credential file.",
        )
    return url


class DatabaseSection(Section):
    """Where orders are kept. Without `url` the program runs its own PostgreSQL in `data_directory`."""

    url: Annotated[str, AfterValidator(_without_password)] = ""
    data_directory: OwnPath | None = None
    pooled: bool = False
    pool_size: PositiveInt = 4
    account: str = "orders-tui"

    def for_engine(self, application_name: str = "orders-tui", *, generic_plans: bool = False) -> DatabaseSettings:
        return DatabaseSettings(
            url=self.url,
            data_directory=self.data_directory,
            pooled=self.pooled,
            pool_size=self.pool_size,
            application_name=application_name,
            generic_plans=generic_plans,
            account=self.account,
        )


class DaemonSection(Section):
    """How the daemon works. Sizes are rows a transaction or a claim takes at once."""

    workflow_batch_size: PositiveInt = 200
    effect_batch_size: PositiveInt = 128
    inbox_batch_size: PositiveInt = 100
    idle_seconds: PositiveFloat = 1.0
    drain_seconds: PositiveFloat = 10.0
    seal_seconds: PositiveFloat = 60.0
    rule_run_days: PositiveInt = KEPT_DAYS
    """How long it is kept what rules did to orders."""


class ScannerSection(Section):
    """How barcode scanners are told from typing. A prefix, if the scanner sends one, spares every other key the wait."""

    enabled: bool = True
    gap_ms: Annotated[float, Field(ge=5, le=500)] = 30.0
    least_length: Annotated[int, Field(ge=3, le=40)] = 6
    suffix: Suffix = Suffix.ENTER
    prefix: str = ""

    def options(self) -> ScannerOptions | None:
        if not self.enabled:
            return None
        return ScannerOptions(self.gap_ms, self.least_length, self.suffix, self.prefix)


class ConsoleSection(Section):
    """How the console looks and feels. `keys` moves actions to other keys: action id → keys."""

    theme: str = "orders-dark"
    themes: dict[str, ThemeSection] = Field(default_factory=dict)
    refresh_seconds: PositiveFloat = 0.25
    slow_refresh_seconds: PositiveFloat = 0.4
    mouse: bool = True
    read_only: bool = False
    keys: dict[str, str] = Field(default_factory=dict)
    scanner: ScannerSection = ScannerSection()


def _print_command(command: tuple[str, ...]) -> tuple[str, ...]:
    check_command(command)
    return command


PrintCommand = Annotated[tuple[str, ...], AfterValidator(_print_command)]
"""A program and its arguments, never a shell; {printer}, {file}, {title} and {raw} (true or false) are filled in."""


class PrintingSection(Section):
    """How paper is printed. Without `command`, and for paper without a printer, files are kept in `folder`."""

    command: PrintCommand = ()
    raw_command: PrintCommand = ()
    timeout_seconds: PositiveFloat = 30.0
    folder: OwnPath | None = None
    layouts: OwnPath | None = None
    station: str = ""
    keep_days: NonNegativeFloat = 30.0

    def for_printers(self) -> PrintSettings:
        return PrintSettings(
            command=self.command,
            raw_command=self.raw_command,
            timeout_seconds=self.timeout_seconds,
            folder=self.folder,
            layouts=self.layouts,
            station=self.station,
            keep_days=self.keep_days,
        )


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter=NESTING,
        nested_model_default_partial_update=True,
        extra="forbid",
        frozen=True,
    )

    database: DatabaseSection = DatabaseSection()
    tiktok: TikTokSection = TikTokSection()
    carrier: CarrierSection = CarrierSection()
    inventory: InventorySection = InventorySection()
    notices: NoticesSection = NoticesSection()
    retries: RetriesSection = RetriesSection()
    breakers: BreakersSection = BreakersSection()
    limits: LimitsSection = LimitsSection()
    daemon: DaemonSection = DaemonSection()
    http: HttpSection = HttpSection()
    alerts: AlertsSection = AlertsSection()
    telemetry: TelemetrySection = TelemetrySection()
    api: ApiSection = ApiSection()
    access: AccessSection = AccessSection()
    privacy: PrivacySection = PrivacySection()
    console: ConsoleSection = ConsoleSection()
    printing: PrintingSection = PrintingSection()
    backup: BackupSection = BackupSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment over the file, whose content is passed in as arguments; no dotenv, no secrets folder."""
        assert isinstance(init_settings, InitSettingsSource)
        return env_settings, init_settings
