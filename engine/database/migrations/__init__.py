"""The schema's history: one numbered revision a file in `versions`, forward only.

A revision's id is its number (`0001_orders.py` is revision `0001`), so that the newest is known from the file names
alone, without importing Alembic. `python -m engine.database.migrations "what it adds"` writes the next one from
`engine.database.tables`.
"""
