"""Orders: how they come in, who may change them, what people see of them.

Where to look, coming in
    inbox          every payload once, raw, sealed, until it is understood
    intake         facts from TikTok become orders, and orders move
    intake_new     orders nobody knew: decided at once (`new_order`), then written (`intake_rows`)
    intake_rules   what rules may know of an order that comes in, and the workflow they choose for it
    intake_known   what a fact changes of an order that is known
    unit_fitting   the units of orders that came from a seller-centre file, which knows no line ids
    importing      orders of a file: what they would do, and taking them in through the inbox
    stopped        orders that a person has taken out of their workflow: TikTok's word on them still holds
    personal       an order's personal part, sealed, and the words it may be found by
    polls          how far each shop was asked about each topic
    shop_rows      what intake reads of the shops of a batch
Changing
    status         what people ask for of a few orders
    asked_changes  a status asked for together with who is not to be told of it
    bulk/          the one way to change many: ids or all that match, with progress, stop, continuation and undo
    parcels/       split, combined, handed over, voided, tracked, and sent back
    picking/       waves, units picked, short picks, parcels packed or stopped, goods put back
    validation     everything wrong with an order's data at once; `problems` is one such thing, `address_rules` what countries ask
    cancellations  the buyers' requests to cancel, with their deadlines, and what became of them
    newest         of several facts about one thing the newest counts
    cancelling     cancelling by hand, whatever has been done for the order; `part_cancelling` single units of it
    answers        what a person decides about a buyer's request to cancel, or a return; `opened_returns` are the seller's own
    marking        the audit link and the higher version of an order that something of is changed
    correction     a corrected address; `resuming` corrects what a failed order needs and sends it on, at once
    conflicts      the table of who wins when two want different things of one order (conflicts.toml)
    changes        what changed since a screen read it, told to who is refused for it
    editing        what changes an order without moving it, many at once: `holds`, `tags`, `assignment`, `notes`, `priority`
    markets        what each market of TikTok asks of parcels and answers (markets.toml)
    deadlines      the internal target that a location's calendar makes of a ship-by
Seeing
    views          the plain values people see
    filters        which orders and in what order, as plain values
    saved_views    filters, sorts and columns that people keep under a name (shared_views.toml: everybody's from the start)
    filter_language/  a filter as people type it
    queries        pages and counts by keyset: `narrowing` makes a `predicate` of a filter, with `probing` and `search`; `piles`, `rows`
    records/       orders as the specification's tables have them, for other programs
    effect_words   each kind of effect in words
    detail         one order's pane; `timeline` is its story, `why` the one sentence of why it has not moved
    opening        sealed values opened for a person, made safe for a terminal by `plain_text`
"""
