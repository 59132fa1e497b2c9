"""Stock: what is on the shelf, what is promised, and every movement.

Where to look
    catalogue  what deciding needs of products: SKUs and aliases, kits and their parts
    ledger     receiving, adjusting, transferring, holding back; reserving, releasing and consuming happen with an order's step
    booking    what every movement goes through: levels locked, moved, and the reason beside them
    shortfall  promised stock that is not there, and the orders that give theirs back
    counts     counting the shelves: open, counted, approved, posted once
    availability what could be sold now, as the specification answers it
    demand     what unpaid and waiting orders will want
    listings   what shops list, matched with the master; `warehouses` of shops and the locations they are
    pushing    what shops are told of stock, and what they showed when it was read back
    mirror     the ledger as the mirror of an inventory service
    alarms     low stock and oversold products, raised once
    checking   the nightly check that everything adds up
    locations  where goods lie, and each location's calendar
    products   the product master in bulk; `product_master` changes and shows one `product_card` at a time
    aliases    other SKUs that TikTok calls a product by
    waking     orders that wait for stock, when there may be some
    stock      what people see of it: a few lines; `stock_list` is the whole list, page by page, of
               `stock_lines`, and `waited` what orders wait for
    stock_card what is behind one product's stock; `movements` is its story, and the way to take a movement back
"""
