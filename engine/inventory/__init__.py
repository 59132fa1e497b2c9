"""Stock: what is on the shelf, what is promised, and every movement.

Where to look
    catalogue  what deciding needs of products: SKUs and aliases, kits and their parts
    ledger     receiving and adjusting; reserving, releasing and consuming happen with an order's step
    locations  where goods lie, and each location's calendar
    products   the product master in bulk; `product_master` changes and shows one `product_card` at a time
    aliases    other SKUs that TikTok calls a product by
    waking     orders that wait for stock, when there may be some
    stock      what people see of it
"""
