"""EasyPost's side of the wire.

documented.py        every documented error, in words
envelope.py          errors, authentication, and what a failing EasyPost looks like
paging.py            lists, newest first
rates.py             three carriers, their services, prices by weight, tracking numbers
shipments.py         the book of shipments: created, rerated, bought once, refunded
shipment_payload.py  a shipment as JSON
shipment_calls.py    the calls on shipments
trackers.py          the book of trackers
tracker_payload.py   a tracker as JSON, following its parcel
tracker_calls.py     the calls on trackers
labels.py            label files: PDF, PNG, ZPL, EPL2
scan_forms.py        the book of scan forms
depot_calls.py       addresses and scan forms
"""
