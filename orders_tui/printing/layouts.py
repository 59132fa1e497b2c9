"""Page sizes, margins, columns: data that staff may change, checked when it is read, one sentence for whatever is wrong."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import Misconfigured

SIZES_MM: dict[str, tuple[float, float]] = {
    "A4": (210, 297),
    "A5": (148, 210),
    "A6": (105, 148),
    "letter": (215.9, 279.4),
    "legal": (215.9, 355.6),
    "label": (101.6, 152.4),
}

_NARROWEST_MM = 25

Millimetres = Annotated[float, Field(ge=0, le=1000)]
Points = Annotated[float, Field(ge=5, le=24)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ListColumn(StrEnum):
    """What a pick list may show."""

    CHECK = "check"
    BIN = "bin"
    UNITS = "units"
    SKU = "sku"
    NAME = "name"
    SHIP_BY = "ship_by"
    ORDERS = "orders"


class SlipColumn(StrEnum):
    """What a packing slip may show of an item."""

    UNITS = "units"
    SKU = "sku"
    NAME = "name"
    PRICE = "price"


class ShownInList(_Part):
    """A column of a pick list."""

    show: ListColumn
    width: Millimetres


class ShownInSlip(_Part):
    """A column of a packing slip."""

    show: SlipColumn
    width: Millimetres


class _Page(_Part):
    page: str | tuple[float, float]
    margin_mm: Millimetres = 10
    font_points: Points = 9
    barcodes: bool = True

    @property
    def size_mm(self) -> tuple[float, float]:
        return SIZES_MM[self.page] if isinstance(self.page, str) else self.page

    def check_columns(self, columns: tuple[ShownInList | ShownInSlip, ...]) -> None:
        if isinstance(self.page, str) and self.page not in SIZES_MM:
            raise ValueError(f"there is no page {self.page!r}; known are {', '.join(SIZES_MM)}")
        room = self.size_mm[0] - 2 * self.margin_mm
        if room < _NARROWEST_MM or self.size_mm[1] - 2 * self.margin_mm < 2 * _NARROWEST_MM:
            raise ValueError("the page is too small for its margins")
        if not columns:
            raise ValueError("there are no columns")
        wide = sum(column.width for column in columns)
        if wide > room:
            raise ValueError(f"the columns take {wide:g} mm, and the page has {room:g} mm between its margins")
        if sum(not column.width for column in columns) > 1:
            raise ValueError("only one column may have the width 0, which takes what is left")
        if any(not column.width for column in columns) and room - wide < _NARROWEST_MM:
            raise ValueError(f"only {room - wide:g} mm are left for the column with the width 0")
        shown = [column.show for column in columns]
        if len(set(shown)) != len(shown):
            raise ValueError("a column is there twice")


class PickListLayout(_Page):
    """How a pick list looks."""

    columns: tuple[ShownInList, ...]

    @model_validator(mode="after")
    def _checked(self) -> PickListLayout:
        self.check_columns(self.columns)
        if not {ListColumn.BIN, ListColumn.UNITS, ListColumn.SKU} <= {column.show for column in self.columns}:
            raise ValueError("a pick list needs the columns bin, units and sku")
        return self


class PackingSlipLayout(_Page):
    """How a packing slip looks."""

    columns: tuple[ShownInSlip, ...]
    prices: bool = False
    message: str = ""

    @model_validator(mode="after")
    def _checked(self) -> PackingSlipLayout:
        self.check_columns(self.columns)
        if not {SlipColumn.UNITS, SlipColumn.NAME} <= {column.show for column in self.columns}:
            raise ValueError("a packing slip needs the columns units and name")
        if self.prices and SlipColumn.PRICE not in {column.show for column in self.columns}:
            raise ValueError("prices are to be shown and there is no column price")
        return self

    @property
    def shown(self) -> tuple[ShownInSlip, ...]:
        """The columns; that of prices only where they are to be shown."""
        return tuple(column for column in self.columns if self.prices or column.show is not SlipColumn.PRICE)


class LabelSheetLayout(_Part):
    """How labels are put together. On a page of its own size a label needs no margin."""

    page: str | tuple[float, float] = "own"
    across: Annotated[int, Field(ge=1, le=10)] = 2
    down: Annotated[int, Field(ge=1, le=10)] = 2
    margin_mm: Millimetres = 5
    cover: Literal["missing", "always", "never"] = "missing"
    picture_dpi: Annotated[int, Field(ge=72, le=1200)] = 203

    @model_validator(mode="after")
    def _checked(self) -> LabelSheetLayout:
        if isinstance(self.page, str) and self.page not in {*SIZES_MM, "own"}:
            raise ValueError(f"there is no page {self.page!r}; known are own, {', '.join(SIZES_MM)}")
        return self

    @property
    def size_mm(self) -> tuple[float, float] | None:
        """None: each label has a page of its own size."""
        if isinstance(self.page, str):
            return SIZES_MM.get(self.page)
        return self.page


class Layouts(_Part):
    """How all paper looks."""

    fonts: tuple[str, ...] = ()
    pick_list: PickListLayout
    packing_slip: PackingSlipLayout
    label_sheet: LabelSheetLayout = LabelSheetLayout()


def read_layouts(path: Path | None = None) -> Layouts:
    """The layouts of this file, else the program's own. Raises Misconfigured with one sentence."""
    if path is None:
        return Layouts(**tomllib.loads((resources.files(__package__) / "layouts.toml").read_text("utf-8")))
    try:
        return Layouts(**tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Misconfigured("layouts.unreadable", f"Cannot read {path} ({reason}): mend printing.layouts.") from None
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured("layouts.malformed", f"{path} is not TOML: {error}; mend that line.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "it"
        complaint = first["msg"].removeprefix("Value error, ")
        complaint = complaint[:1].lower() + complaint[1:]
        raise Misconfigured("layouts.invalid", f"{path}: {name} is wrong: {complaint}.") from None
