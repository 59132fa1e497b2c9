"""Stock: what is on the shelf, what is promised, and every movement.

Where to look
    catalogue  what deciding needs of products: SKUs and aliases, kits and their parts
    ledger     receiving and adjusting; reserving, releasing and consuming happen with an order's step
    locations  where goods lie, and each location's calendar
    products   the product master
    stock      what people see of it
"""
