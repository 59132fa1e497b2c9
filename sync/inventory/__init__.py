"""Stock and the outside: what shops list, what they are told of stock, and an inventory service as the source of truth.

Where to look
    listing   what a shop lists and where its warehouses are, read since its cursor
    push      stock told to the shops in absolute numbers, and read back
"""
