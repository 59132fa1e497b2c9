"""Orders as the specification's tables have them, for other programs: every column under its own name, personal ones opened.

Where to look
    values   the plain values: an order, its items, its workflow, its history, its parcels
    reading  how a row becomes one
    pages    lists of them by keyset or by page number
    summary  what a whole list comes to
    whole    one order with everything that belongs to it
    feed     which orders changed since, for whoever follows them
"""
