"""An inventory service on loopback: the small REST protocol of `docs/inventory-service.md`, from the service's side.

book.py   what it has, keeps and was told, in one place
calls.py  availability, reservations, adjustments, levels, and the admin's changes
"""
