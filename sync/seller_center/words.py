"""The names and words of the seller centre's files, as data, with a seller's own added to them."""

from __future__ import annotations

import functools
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from engine.errors import Misconfigured
from engine.words import ChannelStatus


@dataclass(frozen=True, slots=True)
class Words:
    """Columns by their names, statuses by their words, both normalised by `plain`."""

    columns: Mapping[str, str]
    required: tuple[str, ...]
    one_of: tuple[str, ...]
    titles: Mapping[str, str]
    """How a missing column is named to a person."""
    statuses: Mapping[str, ChannelStatus]
    meanings: Mapping[str, frozenset[str]]

    def means(self, meaning: str, text: str) -> bool:
        """Whether a cell says this, such as `cash_on_delivery`."""
        return plain(text) in self.meanings[meaning]

    def column_places(self, header: Sequence[str]) -> dict[str, int]:
        """Where each known column stands; the first of two with one name."""
        places: dict[str, int] = {}
        for place, name in enumerate(header):
            column = self.columns.get(plain(name))
            if column is not None:
                places.setdefault(column, place)
        return places

    def missing(self, places: Mapping[str, int]) -> list[str]:
        """The required columns that are not there, as a person knows them."""
        absent = [self.titles[column] for column in self.required if column not in places]
        if self.one_of and not any(column in places for column in self.one_of):
            absent.append(" or ".join(self.titles[column] for column in self.one_of))
        return absent


def plain(text: str) -> str:
    """The text for comparing: one form of accents, one space, no case, no closing colon."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\ufeff", "").split()).rstrip(":").casefold()


@functools.cache
def packaged_words() -> Words:
    """The words that ship with the program."""
    return _words(_packaged("columns.toml"), _packaged("statuses.toml"), {})


def words_with(path: Path) -> Words:
    """The packaged words and those of a seller's own file. Raises Misconfigured for a file that is none."""
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured("import.words", f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured("import.words", f"{path} is no TOML: {error}.") from None
    return _words(_packaged("columns.toml"), _packaged("statuses.toml"), own, str(path))


def _words(columns: dict[str, Any], statuses: dict[str, Any], own: dict[str, Any], path: str = "") -> Words:
    tables: dict[str, dict[str, list[str]]] = {
        "columns": {name: list(names) for name, names in columns["columns"].items()},
        "statuses": {name: list(names) for name, names in statuses["statuses"].items()},
        "words": {name: list(names) for name, names in statuses["words"].items()},
    }
    for table, entries in own.items():
        for name, names in entries.items() if table in tables and isinstance(entries, dict) else [("", None)]:
            if name not in tables.get(table, {}) or not isinstance(names, list):
                known = ", ".join(f"[{each}]" for each in tables)
                where = f"[{table}] {name}".strip()
                raise Misconfigured("import.words", f"{path}: {where} is unknown; {known} hold lists of names.")
            tables[table][name].extend(map(str, names))
    return Words(
        columns=_reverse(tables["columns"]),
        required=tuple(columns["required"]),
        one_of=tuple(columns["one_of"]),
        titles={name: names[0] for name, names in columns["columns"].items()},
        statuses={word: ChannelStatus(name) for word, name in _reverse(tables["statuses"]).items()},
        meanings={name: frozenset(map(plain, names)) for name, names in tables["words"].items()},
    )


def _reverse(table: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {plain(word): name for name, names in table.items() for word in names}


def _packaged(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("sync.seller_center").joinpath(name).read_text(encoding="utf-8"))
