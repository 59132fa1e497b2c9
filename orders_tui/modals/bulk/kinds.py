"""What each kind of bulk change asks a person for: a choice, fields, a reason; and the request made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.cancelling import WORDS as CANCEL_WORDS
from engine.words import HoldReason, OrderStatus
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.fields import Field
from orders_tui.services import Services
from orders_tui.spans import moment_named

TITLES: Mapping[BulkKind, str] = {
    BulkKind.STATUS: "Change the status of",
    BulkKind.RETRY: "Retry",
    BulkKind.HOLD: "Hold",
    BulkKind.RELEASE: "Release",
    BulkKind.TAG: "Tag",
    BulkKind.UNTAG: "Take tags off",
    BulkKind.ASSIGN: "Hand over",
    BulkKind.PRIORITY: "Set the priority of",
    BulkKind.CANCEL: "Cancel",
    BulkKind.UNDO: "Undo",
}
"""How the form of a kind is headed, in front of the orders."""

FIELDS: Mapping[BulkKind, tuple[Field, ...]] = {
    BulkKind.HOLD: (
        Field("until", "until", optional=True, hint="30m, 4h, 3d or 2026-12-01T09:00; empty: until released"),
        Field("note", "note", optional=True, hint="what others should know"),
    ),
    BulkKind.TAG: (Field("tags", "tags", hint="one or more words"),),
    BulkKind.UNTAG: (Field("tags", "tags", optional=True, hint="others than those above"),),
}
"""What is typed beside the choice."""

REASON_NEEDED = frozenset({BulkKind.STATUS, BulkKind.CANCEL})
"""History keeps why; without a reason they do not begin."""

REASON_KEPT = REASON_NEEDED | {BulkKind.RETRY, BulkKind.UNDO}
"""A reason may be given."""

STRAIGHT = frozenset(
    {BulkKind.RETRY, BulkKind.HOLD, BulkKind.RELEASE, BulkKind.TAG, BulkKind.UNTAG, BulkKind.ASSIGN, BulkKind.PRIORITY}
)
"""Of one order that allows it they are done without another look: they are taken back with one key, or harm nothing."""

_STATUSES_WITHOUT_WAY_BACK = frozenset(
    {OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED}
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One line to choose: what it is called and the parameters it stands for. `why_not` says why it is out of reach."""

    id: str
    words: str
    parameters: Mapping[str, Any]
    why_not: str = ""


async def choices_of(kind: BulkKind, chosen: Chosen, services: Services) -> list[Choice]:
    """What a person chooses from; empty where there is nothing to choose."""
    match kind:
        case BulkKind.STATUS:
            return [Choice(status, status, {"status": status.value}) for status in OrderStatus]
        case BulkKind.HOLD:
            reasons = [reason for reason in HoldReason if reason is not HoldReason.COOLING_OFF]
            return [Choice(reason, reason, {"hold": reason.value}) for reason in reasons]
        case BulkKind.RELEASE:
            reasons = [reason for reason in HoldReason if reason is not HoldReason.COOLING_OFF]
            one = [Choice(reason, f"only the hold for {reason}", {"hold": reason.value}) for reason in reasons]
            return [Choice("all", "every hold", {"hold": None}), *one]
        case BulkKind.UNTAG:
            tags = sorted({tag for row in chosen.seen.values() for tag in row.tags})
            return [Choice(f"tag-{number}", tag, {"tags": [tag]}) for number, tag in enumerate(tags)]
        case BulkKind.PRIORITY:
            levels = [Choice(f"level-{level}", _level_words(level), {"level": level}) for level in range(5, -1, -1)]
            return [*levels, Choice("auto", "by its ship-by", {"level": None})]
        case BulkKind.CANCEL:
            return [Choice(reason, words, {"because": reason.value}) for reason, words in CANCEL_WORDS.items()]
        case BulkKind.ASSIGN:
            return await _people(services)
        case BulkKind.UNDO:
            return await _batches(services)
        case BulkKind.TAG | BulkKind.RETRY:
            return []
        case _:
            assert_never(kind)


def request_of(kind: BulkKind, choice: Choice | None, values: Mapping[str, str]) -> BulkRequest:
    """What is asked, without its reason. Raises ValueError with one sentence for a field that makes no sense."""
    parameters = dict(choice.parameters) if choice else {}
    if kind in {BulkKind.TAG, BulkKind.UNTAG} and values["tags"]:
        parameters["tags"] = values["tags"].replace(",", " ").split()
    if kind is BulkKind.UNTAG and not parameters:
        raise ValueError("Say which tags: none of these orders shows one.")
    if kind is BulkKind.HOLD:
        parameters["until"] = moment_named(values["until"]).isoformat() if values["until"] else None
    return BulkRequest(kind, parameters, note=values.get("note", ""))


def word_of(request: BulkRequest) -> str:
    """The word that has to be typed because there is no way back; empty where there is one."""
    if request.kind is BulkKind.CANCEL:
        return "cancel"
    if request.kind is BulkKind.STATUS and request.parameters["status"] in _STATUSES_WITHOUT_WAY_BACK:
        return str(request.parameters["status"])
    return ""


def _level_words(level: int) -> str:
    return {5: "5, before all others", 0: "0, can wait"}.get(level, str(level))


async def _people(services: Services) -> list[Choice]:
    people = await services.bulk.people()
    me = services.actor
    mine = [each for each in people if each.user_id == me.user_id or each.name == me.name]
    others = [each for each in people if each not in mine]
    named: Sequence[tuple[str, Any]] = [
        *((f"me ({each.name})", each) for each in mine),
        *((each.name, each) for each in others),
    ]
    return [
        *(
            Choice(f"user-{each.user_id}", words, {"user_id": str(each.user_id), "name": each.name})
            for words, each in named
        ),
        Choice("nobody", "nobody", {"user_id": None, "name": ""}),
    ]


async def _batches(services: Services) -> list[Choice]:
    return [
        Choice(
            f"batch-{batch.batch_id}",
            f"{batch.kind:<9}{batch.changed:>7,} changed  {batch.created_at:%d %b %H:%M} UTC",
            {"batch": batch.batch_id},
            why_not,
        )
        for batch, why_not in await services.bulk.own_batches()
    ]
