"""Every action of the registry, from its keys and from the command line, with the same effect in the database.

case        what is said of one action: the keys, the command, how the database is prepared
difference  what a key or a command changed, with ids, times and ciphertext made comparable
desk        two equal databases, a console on the one and the command line on the other
cases/      the cases, a module for each scope; every module's `SCENES` is found by itself
missing     actions of the registry that have no case yet

`pytest tests/orders_tui/console/parity -k orders` plays one module; `PARITY_ONLY=orders.status` plays one action's cases.
"""
