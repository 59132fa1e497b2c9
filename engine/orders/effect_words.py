"""Each kind of effect in words: what is wanted while it is open, what came of it once it is done."""

from __future__ import annotations

from typing import Final

from engine.words import EffectKind

WANTED: Final = {
    EffectKind.BUY_LABEL: "Buy the label",
    EffectKind.VOID_LABEL: "Void the label",
    EffectKind.SHIP_PACKAGE: "Tell TikTok of the parcel",
    EffectKind.UPDATE_TRACKING: "Tell TikTok the tracking number",
    EffectKind.CANCEL_ORDER: "Tell TikTok of the cancellation",
    EffectKind.ANSWER_CANCELLATION: "Answer the buyer who asks to cancel",
    EffectKind.ANSWER_RETURN: "Answer the return",
    EffectKind.SPLIT_ORDER: "Split the order at TikTok",
    EffectKind.COMBINE_PACKAGES: "Combine the packages at TikTok",
    EffectKind.UNCOMBINE_PACKAGE: "Take the package apart at TikTok",
    EffectKind.RESERVE_STOCK: "Ask the inventory service for the stock",
    EffectKind.RELEASE_STOCK: "Give the stock back to the inventory service",
    EffectKind.ADJUST_STOCK: "Tell the inventory service what left",
    EffectKind.NOTICE: "Send the notice",
}

DONE: Final = {
    EffectKind.BUY_LABEL: "Label bought",
    EffectKind.VOID_LABEL: "Label voided",
    EffectKind.SHIP_PACKAGE: "TikTok told of the parcel",
    EffectKind.UPDATE_TRACKING: "TikTok told the tracking number",
    EffectKind.CANCEL_ORDER: "TikTok told of the cancellation",
    EffectKind.ANSWER_CANCELLATION: "Buyer answered",
    EffectKind.ANSWER_RETURN: "Return answered",
    EffectKind.SPLIT_ORDER: "Split at TikTok",
    EffectKind.COMBINE_PACKAGES: "Combined at TikTok",
    EffectKind.UNCOMBINE_PACKAGE: "Taken apart at TikTok",
    EffectKind.RESERVE_STOCK: "Stock reserved at the inventory service",
    EffectKind.RELEASE_STOCK: "Stock given back to the inventory service",
    EffectKind.ADJUST_STOCK: "Inventory service told what left",
    EffectKind.NOTICE: "Notice sent",
}
