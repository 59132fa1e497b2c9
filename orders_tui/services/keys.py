"""Data keys and the master key: how they stand, and new ones."""

from __future__ import annotations

from collections.abc import Sequence

from engine.actors import Actor
from engine.database.connection import NEXT_MASTER_KEY, Database
from engine.errors import Misconfigured
from engine.privacy import rotation
from engine.privacy.cipher import new_master_key
from engine.privacy.creators import creator_named
from engine.privacy.secrets import Origin
from orders_tui.services.door import Door, lost_is_unreachable

_KEPT_HERE = (Origin.KEYRING, Origin.KEY_FILE)
"""Places where this program itself keeps a secret and so can replace it."""


class Keys:
    """Keys, rotated while everything works."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database = database
        self._actor = actor
        self._door = door

    async def states(self) -> rotation.KeyStates:
        """How all keys stand, and how far old values are sealed anew."""
        with lost_is_unreachable():
            return await rotation.key_states(self._database)

    async def rotate(self, creators: Sequence[str], *, reason: str = "") -> list[rotation.Rotated]:
        """New data keys for the creators of these names, or for all. Raises NotFound, Refused, Misconfigured."""
        with lost_is_unreachable():
            chosen = [await creator_named(self._database, name) for name in creators]
        return await self._door.write(
            rotation.rotate_data_keys(self._database, chosen or None, actor=self._actor, reason=reason)
        )

    async def rotate_master(self) -> tuple[int, bool]:
        """Wrap all keys by the master key that is to follow: how many, and whether it is in place of the old one already.

        Where this program keeps the master key itself it makes the new one, and puts it in its place at the end; a crash in between
        leaves both, which every program reads. Elsewhere both are the operator's to give.
        """
        chain = self._database.secrets
        held, following = chain.read("master_key"), chain.read(NEXT_MASTER_KEY)
        own = held is not None and held.origin in _KEPT_HERE
        if following is None:
            if not own:
                raise Misconfigured(
                    "keys.no_new_master",
                    "There is no master key to follow: give it in ORDERS_TUI_MASTER_KEY_NEW or its credential file"
                    " (`openssl rand -hex 32` makes one), beside the old one.",
                )
            following = chain.keep(NEXT_MASTER_KEY, new_master_key())
        count = await self._door.write(rotation.rotate_master(self._database, following.reveal(), actor=self._actor))
        if own and following.origin in _KEPT_HERE:
            chain.keep("master_key", following.reveal())
            chain.forget(NEXT_MASTER_KEY)
            return count, True
        return count, False
