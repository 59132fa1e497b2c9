"""The handlers of every effect that TikTok Shop hears of."""

from __future__ import annotations

from collections.abc import Mapping

from engine.words import EffectKind
from sync.desk import Handler
from sync.tiktok.answering import answer_handler
from sync.tiktok.cancelling import CancelSettings, cancel_order_handler
from sync.tiktok.connected import ShopDirectory
from sync.tiktok.deliveries import ShipSettings, ship_package_handler
from sync.tiktok.packing import packing_handler


def tiktok_handlers(
    shop_of: ShopDirectory, shipping: ShipSettings, cancellations: CancelSettings
) -> Mapping[EffectKind, Handler]:
    """One handler for each kind of effect."""
    ship, answer, pack = ship_package_handler(shop_of, shipping), answer_handler(shop_of), packing_handler(shop_of)
    return {
        EffectKind.SHIP_PACKAGE: ship,
        EffectKind.UPDATE_TRACKING: ship,
        EffectKind.CANCEL_ORDER: cancel_order_handler(shop_of, cancellations),
        EffectKind.ANSWER_CANCELLATION: answer,
        EffectKind.ANSWER_RETURN: answer,
        EffectKind.SPLIT_ORDER: pack,
        EffectKind.COMBINE_PACKAGES: pack,
        EffectKind.UNCOMBINE_PACKAGE: pack,
    }
