"""The calls of TikTok Shop's API, in families; each is about one shop and shares that shop's client.

Where to look
    authorization  which shops a grant covers
    webhooks       where TikTok sends what happens in the shop
    paging         searches that come in pages
    changes        cancellations and returns: by time of change, and by id
    orders         search by time of change, details by id
    fulfilment     mark as shipped, ship a package or many, correct a tracking number
    shipping       TikTok Shipping: services, labels bought there, documents, tracking
    packing        split orders, combine packages and take them apart
    products       what is listed, and its stock: read and set
    logistics      warehouses and the carriers that TikTok accepts
    aftersales     cancellations: the seller's own, and answers to buyers
    customer_service  messages between the seller and buyers
    returns        returns and refunds: opened, answered, reckoned
"""
