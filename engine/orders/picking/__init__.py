"""Picking and packing: goods taken off the shelf for orders, and put into parcels, by people with or without a scanner.

What is reserved for an order is what is picked for it: each reservation counts its units off the shelf, by whom and when. A pick line
stands for one item of an order and is picked once all that is reserved for it is; then the item, and with the last one the order, goes on.

Where to look
    waves         orders picked together on one walk: made, given to somebody, closed
    walk          what is to be picked in a wave or for an order, by bin; what waits for a wave
    codes         which product a scanned text means, and where something belongs that nobody wants
    lines         reservations of a walk, locked; lines picked and open again
    confirming    units confirmed and taken back
    short         fewer there than the ledger says; `carrying` keeps what was picked where an order ships the rest
    parcels       a parcel at the packing station: what is in it, and what stops it
    packing       a parcel packed, and unpacked
    putting_back  goods of orders that are not to be shipped, on their way back to the bin
    stopping      why an order must not go on in anybody's hands
    views         what people see of all this
    telling       what the timeline says of it
"""
