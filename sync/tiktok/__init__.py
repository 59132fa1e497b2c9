"""TikTok Shop.

Where to look
    signing       the signature of every request, and of every webhook
    tokens        access tokens: exchanged, refreshed early by one at a time, kept in a store
    client        the calls this program makes, signed, guarded, their errors named
    errors        what each refusal of TikTok means for the caller
    payloads      the order object as TikTok sends it, read tolerantly
    mapping       the order object → the engine's `OrderFact`
    deliveries    the effect "tell TikTok that the parcel left"
"""
