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
    EffectKind.NOTICE: "Send the notice",
}

DONE: Final = {
    EffectKind.BUY_LABEL: "Label bought",
    EffectKind.VOID_LABEL: "Label voided",
    EffectKind.SHIP_PACKAGE: "TikTok told of the parcel",
    EffectKind.UPDATE_TRACKING: "TikTok told the tracking number",
    EffectKind.CANCEL_ORDER: "TikTok told of the cancellation",
    EffectKind.NOTICE: "Notice sent",
}
