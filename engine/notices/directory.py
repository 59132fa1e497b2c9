"""People, their targets and their choices: a few rows, read once by each process and kept until they change.

Every write of them raises one version (`changed`), which readers see in the statement that reads the notices themselves; so a change
counts for the very next notice, and looking costs no statement of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from engine.errors import OrdersError
from engine.identifiers import ShopId, UserId
from engine.notices.quiet_hours import QuietHours
from engine.words import Audience, NoticeChannel, TargetState

if TYPE_CHECKING:
    from engine.database.connection import Database

EVERY = "*"
"""In a choice: every template, or every channel."""

VERSION = "coalesce((SELECT version FROM notice_directory), 0)"
"""Read inside another statement."""

_log = structlog.get_logger(__name__)

_TARGETS = "SELECT * FROM notice_targets ORDER BY label"
_CHOICES = "SELECT user_id, template, channel, enabled, quiet_hours FROM notice_preferences"
_REFUSALS = "SELECT word, template FROM notice_refusals"
_CHANGED = """
INSERT INTO notice_directory (one, version) VALUES (true, 1)
ON CONFLICT (one) DO UPDATE SET version = notice_directory.version + 1
"""


@dataclass(frozen=True, slots=True)
class Target:
    """One place where notices go. `address` is a secret of whoever gave it."""

    target_id: UUID
    label: str
    audience: Audience
    channel: NoticeChannel
    user_id: UserId | None
    shop_id: ShopId | None
    address: str = field(repr=False)
    templates: frozenset[str]
    enabled: bool
    state: TargetState

    @property
    def usable(self) -> bool:
        return self.enabled and self.state is not TargetState.FAILING


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person said of a template on a channel, either of which may be every one."""

    enabled: bool
    quiet_hours: QuietHours | None


@dataclass(frozen=True, slots=True)
class Directory:
    """Who gets what, as of one version."""

    version: int = -1
    targets: Mapping[UUID, Target] = field(default_factory=dict)
    choices: Mapping[tuple[UserId, str, str], Choice] = field(default_factory=dict)
    refusals: frozenset[tuple[int, str]] = frozenset()

    def usable(self, audience: str) -> list[Target]:
        """The targets of an audience to which something may go."""
        return [target for target in self.targets.values() if target.audience == audience and target.usable]

    def choice(self, person: UserId | None, template: str, channel: str) -> Choice:
        """What holds for a person: the most particular word on each question."""
        enabled: bool | None = None
        quiet: QuietHours | None = None
        for names in ((template, channel), (template, EVERY), (EVERY, channel), (EVERY, EVERY)):
            said = self.choices.get((person, *names)) if person is not None else None
            if said is not None:
                enabled = said.enabled if enabled is None else enabled
                quiet = quiet or said.quiet_hours
        return Choice(enabled is not False, quiet)

    def refused(self, word: int, template: str) -> bool:
        """Whether the address of this blind index wants no such notice."""
        return (word, template) in self.refusals or (word, EVERY) in self.refusals


class DirectoryKeeper:
    """The directory as this process last read it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = Directory()

    async def current(self, version: int | None = None) -> Directory:
        """The directory of this version; asks for the version when none is given."""
        if version is None:
            version = await self._database.pool.fetchval(f"SELECT {VERSION}")
        if version != self._known.version:
            # What is read may be newer than the version that was seen: it is read once more then, and never older.
            self._known = await read_directory(self._database, version)
        return self._known


async def read_directory(database: Database, version: int) -> Directory:
    """The directory of now, remembered under a version that was seen before."""
    async with database.pool.acquire() as connection:
        targets = await connection.fetch(_TARGETS)
        choices = await connection.fetch(_CHOICES)
        refusals = await connection.fetch(_REFUSALS)
    return Directory(
        version,
        {target.target_id: target for target in targets_of(database, targets)},
        {(UserId(row["user_id"]), row["template"], row["channel"]): _choice(row) for row in choices},
        frozenset((row["word"], row["template"]) for row in refusals),
    )


async def changed(connection: Any) -> None:
    """Let every process read the directory anew once this transaction is committed."""
    await connection.execute(_CHANGED)


def targets_of(database: Database, rows: Sequence[Any]) -> list[Target]:
    """Rows as targets; an address that cannot be opened is an empty one."""
    return [_target(database, row) for row in rows]


def _target(database: Database, row: Any) -> Target:
    try:
        address = (database.vault.open("notice_targets.address", row["id"], row["address"]) or b"").decode()
    except OrdersError:
        address = ""
    return Target(
        row["id"],
        row["label"],
        Audience(row["audience"]),
        NoticeChannel(row["channel"]),
        UserId(row["user_id"]) if row["user_id"] else None,
        ShopId(row["shop_id"]) if row["shop_id"] else None,
        address,
        frozenset(row["templates"]),
        row["enabled"],
        TargetState(row["state"]),
    )


def _choice(row: Any) -> Choice:
    quiet = None
    if row["quiet_hours"]:
        try:
            quiet = QuietHours.read(row["quiet_hours"])
        except (OrdersError, KeyError, ValueError):
            _log.warning("quiet_hours_unreadable", user_id=str(row["user_id"]))
    return Choice(row["enabled"], quiet)
