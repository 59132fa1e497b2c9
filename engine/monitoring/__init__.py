"""How the house is doing, in numbers that a machine watches: the same on every daemon, since they come from the database.

Where to look
    readings    the cheap figures of orders, queues, dependencies and the database, read at one moment
    gauges      the same as named gauges
    fleet       what every daemon tells of itself: counts by the minute, figures
    measures    what alerts are judged by
    rules       alerts as data, and as Prometheus's rules
    alerts      the alerts that stand: judged, told once, over once
    server      the PostgreSQL server behind it: open transactions, vacuum, standbys, slots
    health      the specification's health document
"""
