"""The shop behind the wire: who buys what, and how orders and packages live.

people.py         buyers with invented names and addresses (`people.toml`)
catalogue.py      products and SKUs (`catalogue.toml`)
order_details.py  what one order holds, drawn from the seed: buyer, units, money
specials.py       orders that are not like the others, by rate
orders.py         the life of every order by the clock, from UNPAID to COMPLETED
stock.py          what TikTok has of every SKU, as the seller sets it and orders take it
packages.py       parcels: made, split, combined, shipped, and what the carrier's scanners have seen of them
conversations.py  what sellers and buyers write to one another
returns.py        returns and refunds, and what becomes of them
cancel_requests.py  buyers who ask to cancel what waits for shipment, and the seller's cancelled units
"""
