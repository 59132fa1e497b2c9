"""Numbers over many orders.

Where to look
    overview    how big each pile is, and the pulse in the header
    flow        how fast orders move through the workflow
    radar       what falls due when, and what is late
    waiting     what stands still: failures by cause, messages by dependency
    takings     what came in and was completed, in money
    shops       how each shop stands
    latency     how long the workflow itself takes, and how often it goes wrong
    tallies     how many orders are where, kept by the database as they move
    series      what happened minute by minute
    business    volume, cycle times, ship-by, causes of failure, label cost, creators; `scope` is what is asked
    accounts    is every order where its history says, and does every number add up
"""
