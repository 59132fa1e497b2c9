"""The domain: what is decided about an order. Knows PostgreSQL; touches no network and draws nothing.

Where to look
    actors        who does something: the program, a person, TikTok Shop
    clock         the database's clock
    errors        what went wrong, split by what the caller should do
    identifiers   typed ids and UUIDv7
    money         an amount and its currency
    words         the closed sets of the domain: statuses, states, kinds
    named_requests  what was asked under a name of the caller's is done once
    ports         what the engine expects of the outside world: the facts and outcomes it is told
    access/       roles, what each may do, and a database as one caller sees it
    database/     connections, the embedded server, tables, lock order, wake-ups, migrations
    privacy/      secrets, data keys, the cipher, blind indexes
    shops/        connected shops, the grants that reach them, their policies
    orders/       intake of facts, status changes, packages, queries, the timeline
    workflow/     the definition as data, the machine, conditions, actions, the batch runner, failures
    inventory/    products and the stock ledger
    fleet/        many daemons on one database: heartbeats, leases, gates
    notices/      who gets which notice, where and when, and what came of each send
    effects/      the permanent ledger of everything that goes outside
    backup/       the whole database as one file, and back again
    audit/        the hash chain of who changed what
    paper/        stations and printers, what is on a list, a slip or a sheet of labels, what was printed
    monitoring/   the figures and health of the whole house, for machines that watch it
    reports/      piles and pulse, and whether every number adds up
"""
