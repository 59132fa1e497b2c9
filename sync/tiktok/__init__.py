"""TikTok Shop.

Where to look
    signing       the signature of every request, and of every webhook
    consent       the link a seller opens, and what they are sent back with
    token_calls   a code exchanged for tokens, tokens refreshed
    tokens        a grant's access token, refreshed by one at a time
    stored_grants where tokens are kept: the database, which also says who refreshes them
    directory     the shops as this process reaches them, each through its grant
    endpoints     every call this program makes, as data
    client        one grant's way to them: signed, guarded, their errors named
    calls/        the calls themselves, in families, for one shop
    connected     one shop with all its families of calls
    reading       answers read tolerantly
    errors        what each refusal of TikTok means for the caller; its codes are data in `meanings`
    scopes        the permissions the program needs, and for what
    clock_skew    how far the clock that signs is from TikTok's
    webhooks      what a webhook hints at
    events        the specification's events: what a change was for us
    aftersales    cancellations and returns as TikTok sends them → the engine's facts
    payloads      the order object as TikTok sends it, read tolerantly
    mapping       the order object → the engine's `OrderFact`
    polling       what changed in a shop since its cursor, into the inbox
    cancelling    the effect "tell TikTok that the order is cancelled"; `cancel_reasons` has TikTok's names for why,
                  `reject_reasons` those for saying no to a buyer
    answering     the effects that answer buyers: requests to cancel, returns
    deliveries    the effects "tell TikTok that the parcel left" and "correct its tracking number"
    package_shipping  packages that exist there before: shipped one by one, or many by one call
    handlers      the handlers of all these effects together
    packing       the effects that split orders, combine packages and take them apart
    parcel_state  what an order there already says of a parcel of ours
"""
