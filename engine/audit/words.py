"""The actions of the audit in words: what somebody did, as the middle of a sentence about one order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.words import ChangeSource

_ACTIONS: Final[Mapping[str, str]] = {
    "order.created": "took it in",
    "order.updated": "changed it",
    "order.address_corrected": "corrected its address",
    "order.held": "held it",
    "order.released": "released it",
    "order.assigned": "assigned it",
    "pick.wave": "put it into a wave",
    "pick.wave_closed": "took it out of its wave",
    "pick.confirmed": "picked it",
    "pick.taken_back": "took back what was picked of it",
    "pick.short": "found too little for it on the shelf",
    "pick.put_back": "put its goods back",
    "parcel.packed": "packed it",
    "parcel.unpacked": "unpacked it",
    "failure.assigned": "handed its failure to somebody",
    "failure.acknowledged": "took its failure up",
    "failure.snoozed": "snoozed its failure",
    "failure.woken": "brought its failure back",
    "workflow.resume": "retried it",
    "workflow.cancel": "cancelled it",
    "workflow.fail": "put it in the failed queue",
    "workflow.ship": "shipped it",
    "workflow.deliver": "closed it as delivered",
}

_ACTORS: Final[Mapping[str, str]] = {ChangeSource.SYSTEM: "the program", ChangeSource.TIKTOK_SHOP: "TikTok"}


def did(action: str) -> str:
    """What was done: `held it`."""
    if action in _ACTIONS:
        return _ACTIONS[action]
    area, _, what = action.partition(".")
    words = what.replace("_", " ").replace(".", " ")
    return f"moved it on ({words})" if area == "workflow" else f"changed it ({words})"


def who(actor: str) -> str:
    """Who did it; the program and TikTok by their names."""
    return _ACTORS.get(actor, actor)
