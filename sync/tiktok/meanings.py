"""TikTok's codes as data: what each refusal means, and what becomes of the call that met it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Reaction(StrEnum):
    """What becomes of a call that was refused."""

    POSTPONE = "postpone"
    """It is tried again later, at no cost of tries."""
    DONE = "done"
    """It had happened before: look it up and go on."""
    REFUSED = "refused"
    """It will not happen as things are; the order itself is in another state, or what was asked is not allowed."""
    HUMAN = "human"
    """A person has to mend an account, a permission or a setting first."""
    BUG = "bug"
    """The request was built wrongly."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One refusal: our stable code, what becomes of the call, and what to do, as the end of a sentence."""

    code: str
    reaction: Reaction
    advice: str


_POSTPONE, _DONE, _REFUSED, _HUMAN, _BUG = Reaction

ON_HOLD = Meaning("tiktok.on_hold", _POSTPONE, "the order is still on hold; it is tried again later")
NOT_SHIPPED_YET = Meaning("tiktok.not_shipped_yet", _POSTPONE, "the order is not shipped yet; it is tried again later")
LABEL_NOT_READY = Meaning("tiktok.label_not_ready", _POSTPONE, "the label is not ready yet; it is asked for again")
ALREADY_SHIPPED = Meaning(
    "tiktok.already_shipped", _DONE, "the order was already marked as shipped; compare its tracking number"
)
LABEL_EXISTS = Meaning("tiktok.label_exists", _DONE, "its label was already bought at TikTok")
ALREADY_CANCELLED = Meaning("tiktok.already_cancelled", _DONE, "it is cancelled there already, or about to be")
BAD_CANCEL_REASON = Meaning(
    "tiktok.cancel_reason_refused",
    _REFUSED,
    "it does not take this reason in this market; mend the shop's market in cancel_reasons, or cancel it in the seller centre",
)
TOO_LATE_TO_CANCEL = Meaning(
    "tiktok.too_late_to_cancel",
    _REFUSED,
    "the order is too far along; let it arrive, or agree on a return with the buyer",
)
ORDER_CANCELLED = Meaning("tiktok.order_cancelled", _REFUSED, "the order was cancelled; do not ship it")
TRACKING_FIXED = Meaning(
    "tiktok.tracking_fixed", _REFUSED, "its tracking number can no longer be changed; correct it in the seller centre"
)
TRACKING_USED = Meaning(
    "tiktok.tracking_used", _REFUSED, "the tracking number is already used by another order; buy another label"
)
BAD_TRACKING = Meaning(
    "tiktok.bad_tracking", _REFUSED, "the carrier or the form of the tracking number is not accepted; check both"
)
BUYER_ASKS = Meaning("tiktok.cancel_requested", _REFUSED, "the buyer asks to cancel; approve or reject that first")
PACKAGE_CANCELLED = Meaning(
    "tiktok.package_cancelled", _REFUSED, "the package was cancelled there; another may have taken its place"
)
LABEL_GONE = Meaning(
    "tiktok.label_gone",
    _REFUSED,
    "its package was cancelled or the carrier has it already, and its documents are printed no more",
)
FULFILLED_BY_TIKTOK = Meaning(
    "tiktok.not_ours_to_ship", _REFUSED, "TikTok fulfils this order itself; nothing is to be sent"
)
SHIPPED_BY_TIKTOK = Meaning("tiktok.not_ours_to_ship", _REFUSED, "TikTok arranges the shipping of this order itself")
ORDER_UNKNOWN = Meaning("tiktok.order_unknown", _REFUSED, "TikTok does not know this order in this shop")
TOO_MANY_HITS = Meaning("tiktok.too_many_hits", _REFUSED, "more than 10,000 match; a narrower window is asked for")
WAREHOUSES_MISSING = Meaning(
    "tiktok.warehouses_missing",
    _REFUSED,
    "all warehouses of a SKU have to be named; they are read anew and it is tried again",
)
STOCK_OF_BUNDLE = Meaning(
    "tiktok.stock_of_bundle", _REFUSED, "it is a bundle, and its stock follows from its parts there"
)
STOCK_LOCKED = Meaning("tiktok.stock_locked", _REFUSED, "a promotion locks its stock; it is tried again in some hours")
STOCK_SHARED = Meaning("tiktok.stock_shared", _REFUSED, "its stock is shared with other shops and is set there")
SCOPE_MISSING = Meaning(
    "tiktok.scope_missing",
    _HUMAN,
    "the app lacks the permission {scope}; grant it in the Partner Center, then connect the shop again",
)
CREDENTIALS = Meaning(
    "tiktok.credentials",
    _HUMAN,
    "the app key, the token and the shop do not belong together; check tiktok.app_key, or connect the shop again",
)
BAD_SIGNATURE = Meaning("tiktok.bad_signature", _HUMAN, "the signature is refused; check the app secret")
OUTDATED = Meaning(
    "tiktok.outdated", _HUMAN, "TikTok no longer knows this call; update Orders TUI or the version in its settings"
)
ADDRESS_NOT_ALLOWED = Meaning(
    "tiktok.address_not_allowed",
    _HUMAN,
    "this machine's address is not on the app's allow-list; add it in the Partner Center",
)
BAD_REQUEST = Meaning(
    "tiktok.bad_request", _BUG, "the request was built wrongly; report it with the number of the request"
)

SHOP_INACTIVE: Final = 36009043
SELLER_INACTIVE: Final = 36009044
CATCH_ALL: Final = 36009004
"""Means many things: only its message tells them apart (`sync.tiktok.errors`)."""
HOURLY_CAP: Final = 36009037
TOO_MANY: Final = frozenset({36009002, HOURLY_CAP})
BROKEN: Final = frozenset({36009003, 36009007})
EXPIRED_TOKEN: Final = frozenset({105001, 105002})
"""Answered by one refresh and one more try, never shown to a person."""

MEANINGS: Final[Mapping[int, Meaning]] = {
    105005: SCOPE_MISSING,
    **dict.fromkeys((101000, 106013), CREDENTIALS),
    106001: BAD_SIGNATURE,
    **dict.fromkeys((36009009, 36009010, 36009014), OUTDATED),
    **dict.fromkeys((36009021, 36009022, 36009023), BAD_REQUEST),
    36009033: ADDRESS_NOT_ALLOWED,
    21008025: FULFILLED_BY_TIKTOK,
    21008117: SHIPPED_BY_TIKTOK,
    21008111: ORDER_UNKNOWN,
    12052180: TOO_MANY_HITS,
    **dict.fromkeys((12019028, 12052533), WAREHOUSES_MISSING),
    12052850: STOCK_OF_BUNDLE,
    12052393: STOCK_LOCKED,
    12052921: STOCK_SHARED,
    **dict.fromkeys((21011041, 21011042), ORDER_CANCELLED),
    21011043: NOT_SHIPPED_YET,
    21011044: ON_HOLD,
    **dict.fromkeys((21011007, 21008044), BUYER_ASKS),
    **dict.fromkeys((21011025, 21034012), TRACKING_USED),
    **dict.fromkeys((21011022, 21004012, 21004015, 11028006), BAD_TRACKING),
    **dict.fromkeys((21011049, 21011050, 21011051, 21011052), TRACKING_FIXED),
    **dict.fromkeys((11006021, 21008099, 21011006, 21011020, 21011040), ALREADY_SHIPPED),
    21022025: LABEL_EXISTS,
    **dict.fromkeys((21023035, 21042104, 11034037, 11034023), LABEL_NOT_READY),
    21042102: LABEL_GONE,
    21023059: PACKAGE_CANCELLED,
    **dict.fromkeys((25001011, 25001051, 25020009), ALREADY_CANCELLED),
    **dict.fromkeys((25001014, 25001015, 25001020, 25001021), BAD_CANCEL_REASON),
    **dict.fromkeys((25020003, 25011012), TOO_LATE_TO_CANCEL),
}
"""Every code with a meaning of its own; whatever else there is keeps TikTok's message."""
