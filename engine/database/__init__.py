"""PostgreSQL: the database, the queue and the bus.

Where to look
    addresses    where a shared database is, and what is said when nothing answers there
    begun        transactions that all begin alike: as somebody, or as a pooler needs it
    connection   `open_database`: pools, session settings, the vault
    embedded/    the bundled server and its lifecycle
    joined       a database that is one transaction of somebody else's
    locks        the only order in which rows are locked
    guarded      the connection of logins that row-level security may hold for
    newest_first the story of one thing, newest first, by keyset
    logins       how PostgreSQL's own programs reach a database
    loss         telling a database that went away from one that refused something
    migrate      bringing a schema to this program's version
    migrations/  the revisions
    notify       wake-ups between processes
    rows         plain inserts in bulk
    snapshots    who keeps a transaction open that slows every queue
    stalled      sessions that stopped in the middle of sending rows
    tables/      every table
"""
