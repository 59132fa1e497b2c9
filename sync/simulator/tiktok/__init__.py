"""TikTok Shop's side of the wire.

documented.py     every documented error, in words
envelope.py       the answer envelope, refusals, and what a failing TikTok looks like
signatures.py     the request signature over the exact bytes
gates.py          who is let in: key, clock, signature, token, shop cipher
customer_service.py  conversations with buyers, granted apart
tokens.py         the book of tokens of one grant
grants.py         sellers, the shops each grant covers, and what was withheld or taken back
consent.py        the page where a seller says yes or no
grant_admin.py    `/admin/*` about grants
token_calls.py    exchange and refresh
paging.py         page sizes and opaque page tokens
order_payload.py  an order as JSON: money that adds up, addresses only when TikTok shows them
orders.py         order search and order detail
fulfilment.py     mark shipped, correct a tracking number, follow it
packing_calls.py  orders split, packages combined and taken apart
package_calls.py  read and search packages
shipping_calls.py TikTok Shipping: services, labels bought there, documents whose address lives a day
logistics.py      the warehouse, the delivery option, the carriers and their tracking numbers
lookups.py        shops, warehouses, delivery options, shipping providers
product_calls.py  products by time of change, their stock, and setting it
return_calls.py   returns: searched, opened, answered, reckoned
cancellations.py  cancellations by the seller, and those that happened
"""
