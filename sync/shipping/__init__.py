"""Carriers: rates, labels, tracking, addresses, the form for the end of the day.

Where to look
    port             what any provider of labels offers, and the words it speaks in
    carriers         which provider sells a parcel's label
    choice           which rate to buy, by a rule that is data
    easypost         the adapter for EasyPost; its calls in `easypost_calls`, addresses and forms in `easypost_depot`
    easypost_webhooks  the signatures of its webhooks
    wire             EasyPost's requests and answers as our words: money, states, trackers; `units` are ounces and inches
    customs          what a border is told of a parcel
    us_states        what US addresses call their states
    refusals         what EasyPost's errors mean for the caller
    tiktok_shipping  the adapter for TikTok Shipping; what it prints is in `tiktok_documents`
    deliveries       the effects "buy a label" and "void a label"
    tracking         what the carriers say of every open parcel
"""
