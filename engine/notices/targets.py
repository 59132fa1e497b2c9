"""Where notices go: targets added, switched, removed, and how each fares."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, ShopId, UserId, new_id
from engine.notices.directory import Target, changed, targets_of
from engine.notices.people import find_person
from engine.notices.sends import write_fared
from engine.ports.outcomes import Done, Failed, Outcome
from engine.words import Audience, NoticeChannel

if TYPE_CHECKING:
    from engine.database.connection import Connection, Database

_LABEL = re.compile(r"[\w.#@-][\w .#@-]{0,47}")
_KIND = re.compile(r"^([a-z][a-z0-9+.-]*)://", re.IGNORECASE)

_LIST = """
SELECT t.*, u.display_name AS person, s.name AS shop
FROM notice_targets t LEFT JOIN users u ON u.id = t.user_id LEFT JOIN shops s ON s.id = t.shop_id ORDER BY t.label
"""

_ADD = """
INSERT INTO notice_targets (id, label, audience, channel, user_id, shop_id, address, templates)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (label) DO NOTHING RETURNING id
"""

_SWITCH = """
UPDATE notice_targets SET enabled = $2, state = CASE WHEN $2 AND state = 'failing' THEN 'unchecked' ELSE state END,
       problem = CASE WHEN $2 THEN '' ELSE problem END, failures_in_a_row = CASE WHEN $2 THEN 0 ELSE failures_in_a_row END,
       updated_at = now()
WHERE label = $1 RETURNING id
"""


@dataclass(frozen=True, slots=True)
class NewTarget:
    """A target to add. `address` is checked by whoever knows the channel, and secret from here on."""

    label: str
    audience: Audience
    channel: NoticeChannel
    address: str
    person: str = ""
    shop: str = ""
    templates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetView:
    """A target as lists show it; of an Apprise URL only its kind."""

    label: str
    audience: str
    channel: str
    where: str
    person: str
    shop: str
    templates: tuple[str, ...]
    enabled: bool
    state: str
    problem: str
    failures_in_a_row: int
    checked_at: datetime | None


async def list_targets(database: Database) -> list[TargetView]:
    """Every target, by label."""
    rows = await database.pool.fetch(_LIST)
    return [_view(target, row) for target, row in zip(targets_of(database, rows), rows, strict=True)]


async def find_target(database: Database, label: str) -> Target:
    """One target with its address. Raises NotFound."""
    row = await database.pool.fetchrow("SELECT * FROM notice_targets WHERE label = $1", label)
    if row is None:
        raise _unknown(label)
    return targets_of(database, [row])[0]


async def add_target(database: Database, new: NewTarget, *, known_templates: Collection[str], actor: Actor) -> None:
    """Add a target under a label of its own. Raises Refused, NotFound for an unknown person or shop."""
    if not _LABEL.fullmatch(new.label):
        raise Refused("notices.bad_label", f"{new.label!r} is no label; use up to 48 letters, digits, spaces and .#@-.")
    if unknown := sorted(set(new.templates) - set(known_templates)):
        have = ", ".join(sorted(known_templates))
        raise Refused("notices.unknown_template", f"There is no notice {unknown[0]!r}; the notices are {have}.")
    if (new.channel is NoticeChannel.TIKTOK_MESSAGE) != (new.audience is Audience.CUSTOMER):
        raise Refused(
            "notices.wrong_channel",
            "TikTok messages are for customers, who get mail without any target; all other audiences take email or apprise.",
        )
    if new.channel is not NoticeChannel.TIKTOK_MESSAGE and not new.address:
        raise Refused("notices.no_address", f"The target {new.label} has no address; give one on standard input.")

    async def write(connection: Connection) -> None:
        user_id = await _person(connection, new)
        shop_id = await _shop(connection, new)
        target_id = new_id()
        owner = user_id or DEFAULT_CREATOR
        await database.vault.ensure(connection, owner)
        sealed = database.vault.seal_text(owner, "notice_targets.address", target_id, new.address)
        added = await connection.fetchval(
            _ADD, target_id, new.label, new.audience, new.channel, user_id, shop_id, sealed, list(new.templates)
        )
        if added is None:
            raise Refused("notices.label_taken", f"There is a target {new.label} already; take another label.")
        await _record(connection, database, target_id, "target.added", new.label, new.audience, actor)

    await database.run(write)


async def switch_target(database: Database, label: str, *, on: bool, actor: Actor) -> None:
    """Switch a target off, or on again as if nothing had ever failed. Raises NotFound."""

    async def write(connection: Connection) -> None:
        target_id = await connection.fetchval(_SWITCH, label, on)
        if target_id is None:
            raise _unknown(label)
        await _record(connection, database, target_id, "target.enabled" if on else "target.disabled", label, "", actor)

    await database.run(write)


async def record_trial(database: Database, target: Target, outcome: Outcome) -> None:
    """Keep how a target fared in a test; what is only late proves nothing."""
    if isinstance(outcome, Done | Failed):
        problem = outcome.sentence if isinstance(outcome, Failed) else ""
        fared = {target.target_id: (isinstance(outcome, Done), problem, False)}
        await database.run(lambda connection: write_fared(connection, fared))


async def remove_target(database: Database, label: str, *, actor: Actor) -> None:
    """Forget a target and its address; what was sent there stays on record. Raises NotFound."""

    async def write(connection: Connection) -> None:
        target_id = await connection.fetchval("DELETE FROM notice_targets WHERE label = $1 RETURNING id", label)
        if target_id is None:
            raise _unknown(label)
        await _record(connection, database, target_id, "target.removed", label, "", actor)

    await database.run(write)


async def _record(
    connection: Connection, database: Database, target_id: UUID, action: str, label: str, audience: str, actor: Actor
) -> None:
    after = {"label": label} | ({"audience": audience} if audience else {})
    await chain.append(connection, database.vault, DEFAULT_CREATOR, target_id, action, actor, None, after)
    await changed(connection)


async def _person(connection: Connection, new: NewTarget) -> UserId | None:
    if new.person:
        return await find_person(connection, new.person)
    if new.audience is not Audience.CREATOR:
        return None
    creators = await connection.fetch("SELECT id FROM users WHERE role = 'creator' OR id = $1", DEFAULT_CREATOR)
    if len(creators) > 1:
        raise Refused("notices.which_creator", "There are several creators; name one as the person.")
    return UserId(creators[0]["id"])


async def _shop(connection: Connection, new: NewTarget) -> ShopId | None:
    if not new.shop:
        if new.channel is NoticeChannel.TIKTOK_MESSAGE:
            raise Refused("notices.which_shop", "Name the shop whose customers get TikTok messages.")
        return None
    found = await connection.fetchval("SELECT id FROM shops WHERE name = $1 OR tiktok_shop_id = $1 LIMIT 1", new.shop)
    if found is None:
        raise NotFound("notices.unknown_shop", f"There is no shop {new.shop!r}.")
    return ShopId(found)


def _unknown(label: str) -> NotFound:
    return NotFound("notices.unknown_target", f"There is no target {label!r}; orders-tui notices targets lists them.")


def _view(target: Target, row: Any) -> TargetView:
    where = target.address
    if target.channel is NoticeChannel.APPRISE:
        kind = _KIND.match(target.address)
        where = f"{kind[1].lower()}://…" if kind else ""
    return TargetView(
        target.label,
        target.audience.value,
        target.channel.value,
        where,
        row["person"] or "",
        row["shop"] or "",
        tuple(sorted(target.templates)),
        target.enabled,
        target.state.value,
        row["problem"],
        row["failures_in_a_row"],
        row["checked_at"],
    )
