"""Many daemons on one database: who is alive, who leads, which dependency is shut.

Where to look
    daemons   incarnations and their heartbeat
    leases    leadership by name, as a row
    presence  which person is at which order or failure
    gates     breaker states shared by all daemons
    dependencies  how each dependency is doing, as every daemon sees it
"""
