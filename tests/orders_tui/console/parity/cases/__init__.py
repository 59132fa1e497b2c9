"""The cases, a module for each scope: `SCENES`, each a few cases that share two databases and one console.

A case of an action that changes something says its keys and the command that does the same:

    Case("orders.tag", ("f3", "t", "type:gift", "enter"), ("orders", "tag", "ORD-0", "--add", "gift"))

One that only looks says its keys, and the command if it has a twin. Numbers of orders are fixed, so that both databases know them.
"""
