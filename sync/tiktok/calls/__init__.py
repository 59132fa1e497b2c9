"""The calls of TikTok Shop's API, in families; each is about one shop and shares that shop's client.

Where to look
    authorization  which shops a grant covers
    orders         search by time of change, details by id
    fulfilment     mark as shipped, correct a tracking number
    logistics      warehouses and the carriers that TikTok accepts
    aftersales     cancellations
"""
