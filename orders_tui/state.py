"""What the console knows beside the orders: how it was started, for whom it draws, whether the database answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from engine.access.roles import WORKS, Role
from engine.errors import Unreachable
from engine.orders.views import Pulse
from orders_tui.actions import BY_ID
from orders_tui.deeds import Deed, Deeds
from orders_tui.mistakes import write_down
from orders_tui.own_daemon import OwnDaemon
from orders_tui.present import Presence
from orders_tui.remembered import Memory
from orders_tui.scanner import ScannerOptions
from orders_tui.services import Services

if TYPE_CHECKING:
    from orders_tui.settings_themes import ThemeSection

Clock = Callable[[], datetime]
"""Now, in UTC."""


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """How one console was started. `zone` is the viewer's (None: the machine's own); `keymap` is action id → keys."""

    theme: str = "orders-dark"
    themes: Mapping[str, ThemeSection] = field(default_factory=dict)
    """A person's own colours, from the configuration; those of the files in `theme_folder` come before them."""
    theme_folder: Path | None = None
    zone: tzinfo | None = None
    slow_line: bool = False
    read_only: bool = False
    mouse: bool = True
    keymap: dict[str, str] = field(default_factory=dict)
    """The person's own keys; changed in place when keys are moved while the console runs."""
    refresh_seconds: float = 0.25
    slow_refresh_seconds: float = 0.4
    scanner: ScannerOptions | None = None
    """How scans are told from typing; None: there is no scanner."""
    export_directory: Path | None = None
    """Where lists are written to; None: the person's downloads."""
    memory_file: Path | None = None
    """Where the console remembers from one run to the next; None: nowhere."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The eyes a line is written for: what time it is, and in which zone."""

    now: datetime
    zone: tzinfo | None
    """None is the zone of the machine the console runs on."""


@dataclass(slots=True)
class Session:
    """One run of the console: the services, the options, and what was last heard from the database."""

    services: Services
    options: ConsoleOptions
    clock: Clock
    memory: Memory = field(default_factory=Memory)
    pulse: Pulse | None = None
    heard_at: datetime | None = None
    """When a refresh last succeeded: how old the rows on screen are."""
    lost_since: datetime | None = None
    hearing: bool = False
    """Changes are told by the database; else, behind a pooler, they are looked for."""
    complaint: str = ""
    own_daemon: OwnDaemon = field(default_factory=OwnDaemon)
    deeds: Deeds = field(default_factory=Deeds)
    presence: Presence = field(init=False)
    _last_failure: type[BaseException] | None = None

    def __post_init__(self) -> None:
        self.presence = Presence(self.services)

    @property
    def role(self) -> Role:
        """What the person is here."""
        return self.services.role

    @property
    def changes_nothing(self) -> bool:
        """The console may not write, or the person may not."""
        return self.options.read_only or self.role not in WORKS

    @property
    def connected(self) -> bool:
        return self.lost_since is None

    def viewer(self) -> Viewer:
        return Viewer(self.clock(), self.options.zone)

    def did(self, action_id: str, arguments: Sequence[str], outcome: str, *, twin: str = "") -> Deed:
        """Remember that an action wrote. `arguments` are what its twin takes on the command line, in order numbers and ids;
        `outcome` is what became of it, as told to the person; `twin` is the command where an action has several.
        """
        return self.deeds.add(self.clock(), action_id, twin or BY_ID[action_id].twin, arguments, outcome)

    def heard(self) -> None:
        """A refresh succeeded."""
        self.heard_at = self.clock()
        self.lost_since = None
        self.complaint = ""
        self._last_failure = None

    def failed(self, error: BaseException) -> None:
        """A refresh failed; a lost database is remembered until the next one succeeds."""
        if type(error) is not self._last_failure:  # the same mistake four times a second is written down once
            self.complaint = sentence_of(error)
        self._last_failure = type(error)
        if is_lost(error) and self.lost_since is None:
            self.lost_since = self.clock()


def is_lost(error: BaseException) -> bool:
    """Whether an error means that the database does not answer, so that waiting is the mend."""
    return isinstance(error, Unreachable | OSError) and getattr(error, "code", "") != "database.slow"


def sentence_of(error: BaseException) -> str:
    """An error as one sentence for a person; a mistake of ours is written down and named by its kind."""
    sentence = getattr(error, "sentence", "")
    if isinstance(sentence, str) and sentence:
        return sentence
    if is_lost(error):
        return "The database does not answer."
    return write_down(error, part="console")
