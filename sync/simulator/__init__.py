"""TikTok Shop and EasyPost on loopback, speaking their own wire: for the demo, the tests and the benchmarks.

One process, one seeded world. Run it with ``python -m sync.simulator --seed 7 --orders 500`` or, from Python,
``async with serve(Scenario(seed=7, orders=50)) as simulator: ... simulator.url``.

    __main__.py     the command line: one JSON line when it listens, ends with its parent or on SIGTERM
    server.py       `serve`: a world behind a loopback socket, in a thread of its own
    app.py          every operation the server answers, as one application
    routes.py       from a path to its operation
    wire.py         a call, a reply, and the way between them: gate, faults, handler
    scenario.py     `Scenario`, `Timings`: what is going to happen, and `foretold()`, how every order will end
    world.py        everything that is the case now, and how it is rebuilt from the journal after a kill
    timeline.py     what happens by the clock alone, done lazily when somebody looks
    change_log.py   members by time of change, so that a search by `update_time` is not a scan
    journal.py      one line per change, written before the reply
    faults.py       latency, 429, 5xx, lost replies, repeated rows, slow buys: seeded, and never the end of an order
    conditions.py   the weather: the clock put forward, outages, rate limits, a clock that is wrong
    condition_calls.py  `/admin/clock`, `/admin/outage`, `/admin/limits`
    printing.py     labels and slips as files
    credentials.py  the fictional keys of a seed
    tallies.py      what was called, refused and injected
    admin.py        `/admin/*`: catalogue, state, credentials, mending, faults, faults aimed at one call
    stock_admin.py  `/admin/stock`: TikTok's stock, read and changed behind the seller's back
    buyers.py       `/admin/buyer/*`: what buyers may be made to ask for
    webhooks/       what both services send by themselves, and to whom
    listing.py      `/admin/orders`: every order with its packages and labels, for checkers
    shop/           people, catalogue, what each order holds, the life of orders and packages
    tiktok/         signatures, tokens, orders, fulfilment, look-ups, cancellations, as TikTok Shop words them
    inventory/      an inventory service of its own
    easypost/       shipments, rates, labels, trackers, as EasyPost words them

It shares no code with the clients it is spoken to by: its signature check is an implementation of its own.
"""
