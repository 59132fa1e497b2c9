"""Orders: how they come in, who may change them, what people see of them.

Where to look, coming in
    inbox          every payload once, raw, sealed, until it is understood
    intake         facts from TikTok become orders, and orders move
    intake_new     orders nobody knew: decided at once (`new_order`), then written (`intake_rows`)
    intake_rules   what rules may know of an order that comes in, and the workflow they choose for it
    intake_known   what a fact changes of an order that is known
    stopped        orders that a person has taken out of their workflow: TikTok's word on them still holds
    personal       an order's personal part, sealed, and the words it may be found by
    shops          connected shops, their policies and tokens; `shop_rows` is what intake reads of them
Changing
    status         what people ask for of a few orders
    bulk           the one way to change many: ids or all that match, in parts, with progress, stop and continuation
    bulk_preview   what a bulk change would do; `bulk_operations` is what each kind does, `bulk_views` what is asked and shown
    batches        a bulk change's rows: its parts, fixed when it begins; `breaking` is said of an order it breaks on
    journal        what undo may put back, until when, and unless the order changed since
    undoing        undo, a batch of its own; `undo_status`, `undo_marks` and `undo_holds` put things back
    validation     everything wrong with an order's data at once; `problems` is one such thing, `address_rules` what countries ask
    cancelling     cancelling by hand, whatever has been done for the order
    splitting      one order in several parcels; what is short put off until its stock is there
    combining      several orders in one parcel, and the way back; `sharing` says who is in one with whom
    voiding        a label given back, bought again, or read again
    returns        what buyers send back and are refunded; `receiving` books it, good or damaged
    shrinking      what was made ready shrinks with units that are cancelled or shipped elsewhere
    handover       parcels handed to the carrier one by one; `parcel_rows` locks what a person asks something of
    marking        the audit link and the higher version of an order that something of is changed
    correction     a corrected address; `resuming` corrects what a failed order needs and sends it on, at once
    conflicts      the table of who wins when two want different things of one order (conflicts.toml)
    changes        what changed since a screen read it, told to who is refused for it
    editing        what changes an order without moving it, many at once: `holds`, `tags`, `assignment`, `notes`, `priority`
    deadlines      the internal target that a location's calendar makes of a ship-by
    packages       what carriers and TikTok must know of a parcel, and what tracking says of it
    notices        what a notice says and to whom
Seeing
    views          the plain values people see
    queries        pages and counts by keyset, over `predicate` (filters), `search` (phrases), `piles` and `rows`
    effect_words   each kind of effect in words
    detail         one order's pane; `timeline` is its story, `why` the one sentence of why it has not moved
    opening        sealed values opened for a person, made safe for a terminal by `plain_text`
"""
