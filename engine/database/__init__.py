"""PostgreSQL: the database, the queue and the bus.

connection   `open_database`: pools, session settings, the vault
embedded/    the bundled server and its lifecycle
migrate      bringing a schema to this program's version
migrations/  the revisions
notify       wake-ups between processes
tables/      every table
"""
