"""Stock and the outside: what shops list, what they are told of stock, and an inventory service as the source of truth.

Where to look
    listing   what a shop lists and where its warehouses are, read since its cursor
    service   an inventory service over HTTP: check, reserve, release, adjust, levels
    deliveries the effects that tell it of orders
    push      stock told to the shops in absolute numbers, and read back
"""
