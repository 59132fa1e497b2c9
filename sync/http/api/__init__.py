"""The REST interface: FastAPI under the listener, everything behind a token, everything written in the caller's own name.

Where to look
    app        the application: its routers in one list, its OpenAPI document
    settings   whom it believes, how much one may ask
    gate       what stands before every request: how many at once, how often, how long
    routing    a route: who asks is known before a body is read
    session    who asks, and the database as far as it is theirs
    admission  from a token to a session, remembered for seconds
    tokens     what a token of an issuer has to say to be believed
    keys       the issuers' keys: fetched, from a file, or a shared secret
    limits     how often users, sources and everybody may ask
    reading    bodies and addresses, read strictly
    problems   every error as a problem
    shapes/    what goes in and out, in pydantic
    health     GET /api/health/orders, for whoever has a token
    me         GET /api/me
    orders     lists of orders and one order; `order_query` reads which, `cursors` are places in a list, `summaries` its totals
    order_changes  a status or a workflow asked for; `bulk` a status for many
    order_work what people do with one order: holds, tags, notes, retry, cancel, pause
    failures   the failed queue; `batches` are bulk changes
    goods      stock and products
    house      shops, workflows, the overview
    reports    numbers over many orders
    events     changes as server-sent events; `following` looks once for all who follow
    exports    whole lists as CSV or NDJSON
    deeds      how anything is written: once, as the caller, at the version that was seen; `order_deed` is one order's
    writing    what goes out as JSON
"""
