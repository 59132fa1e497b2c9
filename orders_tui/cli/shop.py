"""`orders-tui shop`: add-offline."""

from __future__ import annotations

import cyclopts

from orders_tui.cli.shop_offline import add_offline

app = cyclopts.App(name="shop", help="Shops: how their orders come in.")
app.command(add_offline, name="add-offline")
