"""What the engine is told by the outside world, and what it hands out to be done there.

Facts come in, claims go out with their requests, outcomes come back. `sync` speaks these and the engine knows nothing else of the network.

Where to look
    facts     what the outside says: orders, returns, cancellations, tracking, stock
    outcomes  one effect handed to a worker, and what came of it
    requests  what the worker is told of it
"""
