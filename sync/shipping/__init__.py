"""Carriers: rates, labels, tracking.

Where to look
    port          what any carrier adapter offers, and the words it speaks in
    choice        which rate to buy, by a rule that is data
    easypost      the adapter for EasyPost
    wire          EasyPost's requests and answers as our words: units, money, states, trackers
    us_states     what US addresses call their states
    refusals      what EasyPost's errors mean for the caller
    deliveries    the effects "buy a label" and "void a label"
    tracking      what the carriers say of every open parcel
"""
