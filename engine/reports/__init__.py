"""Numbers over many orders.

Where to look
    overview    how big each pile is, and the pulse in the header
    latency     how long the workflow itself takes, and how often it goes wrong
    tallies     how many orders are where, kept by the database as they move
    series      what happened minute by minute
    accounts    is every order where its history says, and does every number add up
"""
