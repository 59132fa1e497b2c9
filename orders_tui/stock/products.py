"""A product's own data from the keyboard: weight, bin, barcodes, other SKUs; what shops are told of it; the list as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.inventory.product_card import ProductChange, ProductView
from engine.inventory.pushing import ShopPush
from engine.inventory.stock_lines import Shown, StockFilter
from orders_tui.modals.entry import Entry, EntryField, Values, whole
from orders_tui.state import Session
from orders_tui.stock.forms import NO, YES


def edit_product(session: Session, product: ProductView) -> Entry:
    """Weight, bin, box, barcodes, when it is low, how much is kept from shops; only what is changed is written."""
    was = {
        "weight": _text(product.weight_grams),
        "bin": product.bin,
        "barcodes": " ".join(product.barcodes),
        "box": product.box,
        "low": _text(product.low_stock),
        "buffer": _text(product.stock_buffer),
    }

    def change_of(values: Values) -> tuple[ProductChange, list[str], list[str]]:
        """The change, its words on the command line, and in words what changes."""
        changed = {name: values[name] for name in was if values[name] != was[name]}
        words: list[str] = []
        for name, option in (("weight", "--weight"), ("bin", "--bin"), ("box", "--box")):
            if name in changed:
                words += [option, changed[name]]
        if "barcodes" in changed:
            for barcode in changed["barcodes"].split() or [""]:
                words += ["--barcode", barcode]
        for name, option in (("low", "--low-stock"), ("buffer", "--buffer")):
            if name in changed:
                words += [option, changed[name] or "-1"]
        change = ProductChange(
            weight_grams=int(changed["weight"]) if changed.get("weight") else None,
            bin=changed.get("bin"),
            barcodes=tuple(changed["barcodes"].split()) if "barcodes" in changed else None,
            box=changed.get("box"),
            low_stock=int(changed["low"] or -1) if "low" in changed else None,
            stock_buffer=int(changed["buffer"] or -1) if "buffer" in changed else None,
        )
        return change, words, [f"{name} {was[name] or 'none'} → {text or 'none'}" for name, text in changed.items()]

    async def carry(values: Values) -> str:
        if not values["weight"] and was["weight"]:
            raise ValueError("A weight can be changed, not taken away.")
        change, words, changes = change_of(values)
        if not changes:
            raise ValueError("Nothing is changed yet.")
        await session.services.products.set(product.sku, change)
        done = f"{product.sku}: {', '.join(changes)}."
        session.did("inventory.edit", [product.sku, *words], done)
        return done

    async def preview(values: Values) -> str:
        return ", ".join(change_of(values)[2])

    fields = (
        EntryField("weight", "grams", was["weight"], optional=True, check=whole(1, 70_000)),
        EntryField("bin", "bin", was["bin"], optional=True),
        EntryField("barcodes", "barcodes", was["barcodes"], optional=True),
        EntryField("box", "box", was["box"], optional=True),
        EntryField("low", "low at", was["low"], optional=True, check=whole(0)),
        EntryField("buffer", "buffer", was["buffer"], optional=True, check=whole(0)),
    )
    return Entry(session, f"Product {product.sku}", fields, carry, preview)


def map_sku(session: Session, product: ProductView) -> Entry:
    """Another SKU that means this product; the orders that failed for it go on."""

    async def carry(values: Values) -> str:
        outcomes = await session.services.products.map(values["alias"], product.sku)
        on = sum(not outcome.refused for outcome in outcomes)
        done = f"{values['alias']} is {product.sku} from now on" + (f"; {on:,} orders go on." if on else ".")
        session.did("inventory.map", [values["alias"], product.sku], done)
        return done

    return Entry(session, f"Another SKU for {product.sku}", (EntryField("alias", "SKU"),), carry)


def unmap_sku(session: Session, product: ProductView) -> Entry:
    """One of its other SKUs means nothing any more."""

    async def carry(values: Values) -> str:
        await session.services.products.unmap(values["alias"])
        done = f"{values['alias']} means no product any more; orders that are reserved keep what they have."
        session.did("inventory.unmap", [values["alias"]], done)
        return done

    first = product.aliases[0] if len(product.aliases) == 1 else ""
    fields = (EntryField("alias", "SKU", first, choices=product.aliases),)
    return Entry(session, f"Take a SKU from {product.sku}", fields, carry)


def set_push(session: Session, shops: Sequence[ShopPush]) -> Entry:
    """Whether a shop is told of stock, and how many units of each product are kept from it."""
    now = {each.shop: each for each in shops}

    async def carry(values: Values) -> str:
        shop, enabled, buffer = values["shop"], values["push"] == YES, int(values["buffer"])
        await session.services.inventory.set_push(shop, enabled=enabled, buffer=buffer)
        done = (
            f"{shop} is told of stock, less a buffer of {buffer:,}." if enabled else f"{shop} is told of stock no more."
        )
        session.did("inventory.push", [shop, "--on" if enabled else "--off", "--buffer", str(buffer)], done)
        return done

    async def preview(values: Values) -> str:
        present = now[values["shop"]]
        return f"{present.shop} now: push {'on' if present.enabled else 'off'}, buffer {present.buffer:,}"

    first = shops[0]
    fields = (
        EntryField("shop", "shop", first.shop, choices=tuple(now)),
        EntryField("push", "push", YES if first.enabled else NO, choices=(YES, NO)),
        EntryField("buffer", "buffer", str(first.buffer), check=whole(0, 99_999)),
    )
    return Entry(session, "What a shop is told of stock", fields, carry, preview)


def export(session: Session, wanted: StockFilter) -> Entry:
    """The list, as it is narrowed now, as a file."""

    async def carry(values: Values) -> str:
        path = _at_home(values["file"])
        lines = await session.services.stock_sheets.write(path, wanted)
        return f"{lines:,} lines are in {path}."

    name = "stock" if wanted.shown is Shown.EVERYTHING else f"stock-{wanted.shown.name.lower()}"
    fields = (EntryField("file", "file", f"{name}.csv"),)
    return Entry(session, "Write the list to a file: .csv or .jsonl", fields, carry)


def _at_home(text: str) -> Path:
    return Path(text).expanduser()


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
