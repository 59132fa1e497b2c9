"""One chain for every named secret: environment, credential files, the keyring of the system, a key file.

The first place that has the secret wins. Places, for the name `master_key`:
    environment       ORDERS_TUI_MASTER_KEY
    credential files  the file named by ORDERS_TUI_MASTER_KEY_FILE, then $CREDENTIALS_DIRECTORY/master_key
    keyring           service orders-tui; entries belong to one data directory, so that two never share one
    key file          <data directory>/secrets/master_key, mode 0600; with the embedded database only

What went into the keyring leaves a note beside the key files, so that a program that cannot open the keyring (a daemon
without a desktop session) says so instead of making a second master key.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from tempfile import mkstemp

from engine.errors import Misconfigured
from engine.privacy.os_keyring import OsKeyring, system_keyring

__all__ = ["SECRETS_FOLDER", "Origin", "OsKeyring", "Secret", "Secrets", "revealed", "system_keyring"]

SECRETS_FOLDER = "secrets"
_NOTE_SUFFIX = ".in-keyring"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Origin(StrEnum):
    """Which link of the chain a secret came from."""

    ENVIRONMENT = "environment"
    CREDENTIAL_FILE = "credential file"
    KEYRING = "keyring"
    KEY_FILE = "key file"


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that prints nowhere by accident: only `reveal` gives it."""

    _text: str = field(repr=False)
    origin: Origin
    place: str  # the variable, file or entry, for a person who looks for it

    def reveal(self) -> str:
        if len(self._text) >= _LEAST_LETTERS:
            _revealed.add(self._text)
        return self._text


_LEAST_LETTERS = 6
_revealed: set[str] = set()


def revealed() -> Collection[str]:
    """Every secret that this process has opened, for whoever keeps them out of logs; shorter ones would blot out words."""
    return tuple(_revealed)


class Secrets:
    """The chain, over an environment given as a mapping and, for the embedded database, its data directory."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        data_directory: Path | None = None,
        keyring: OsKeyring | None = None,
    ) -> None:
        """`keyring` is None where there is none, and for data that carries its own secrets (a demo, a test)."""
        self._environment = environment
        self._keyring = keyring
        self._folder = data_directory / SECRETS_FOLDER if data_directory else None
        self._entry_suffix = f"@{data_directory}" if data_directory else ""

    def read(self, name: str) -> Secret | None:
        """The secret from the first place that has it, None when none has; Misconfigured when a place is unfit."""
        return (
            self._from_environment(name)
            or self._from_credential_file(name)
            or self._from_keyring(name)
            or self._from_key_file(name)
        )

    def keep(self, name: str, text: str) -> Secret:
        """Write to the keyring, else to the key file, replacing what is there; Misconfigured when there is neither."""
        entry = name + self._entry_suffix
        if self._keyring and self._keyring.keep(entry, text):
            if self._folder:
                _write_durably(self._folder / (name + _NOTE_SUFFIX), f"kept in the keyring as {entry}")
            return Secret(text, Origin.KEYRING, entry)
        if self._folder is None:
            raise Misconfigured(
                "secrets.no_place",
                f"There is no keyring to keep the secret {name} in: put it in a file and name that file in"
                f" {_variable(name)}_FILE.",
            )
        path = self._folder / name
        _write_durably(path, text)
        (self._folder / (name + _NOTE_SUFFIX)).unlink(missing_ok=True)
        return Secret(text, Origin.KEY_FILE, str(path))

    def forget(self, name: str) -> None:
        """Take a secret out of the keyring and the key file; what the environment and credential files give stays."""
        if self._keyring:
            self._keyring.forget(name + self._entry_suffix)
        if self._folder:
            (self._folder / name).unlink(missing_ok=True)
            (self._folder / (name + _NOTE_SUFFIX)).unlink(missing_ok=True)

    def obtain(self, name: str, make: Callable[[], str]) -> Secret:
        """The secret, made and kept the first time; programs that ask at once get the same one."""
        if found := self.read(name):
            return found
        with self._only_one():
            if found := self.read(name):
                return found
            if self._folder and (self._folder / (name + _NOTE_SUFFIX)).exists():
                raise Misconfigured(
                    "secrets.keyring_shut",
                    f"The secret {name} is kept in the keyring, which cannot be opened here: unlock it, or name a file"
                    f" that holds the secret in {_variable(name)}_FILE.",
                )
            return self.keep(name, make())

    def _from_environment(self, name: str) -> Secret | None:
        variable = _variable(name)
        text = self._environment.get(variable)
        return Secret(text, Origin.ENVIRONMENT, variable) if text else None

    def _from_credential_file(self, name: str) -> Secret | None:
        variable = f"{_variable(name)}_FILE"
        if named := self._environment.get(variable):
            return _credential(Path(named), f"the file {named} that {variable} names")
        if directory := self._environment.get("CREDENTIALS_DIRECTORY"):
            path = Path(directory) / name
            if path.exists():
                return _credential(path, f"the credential file {path}")
        return None

    def _from_keyring(self, name: str) -> Secret | None:
        entry = name + self._entry_suffix
        text = self._keyring.read(entry) if self._keyring else None
        return Secret(text, Origin.KEYRING, entry) if text else None

    def _from_key_file(self, name: str) -> Secret | None:
        if self._folder is None:
            return None
        path = self._folder / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(f"the key file {path}", error) from error
        with os.fdopen(descriptor, encoding="utf-8") as file:
            if os.fstat(descriptor).st_mode & _OTHERS:
                raise Misconfigured(
                    "secrets.key_file_open",
                    f"The key file {path} can be read by other accounts: run chmod 600 {path}, and change the secret"
                    " if they may have read it.",
                )
            text = file.read().rstrip("\r\n")
        return Secret(text, Origin.KEY_FILE, str(path)) if text else None

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        """Between programs on one data directory, only one at a time makes a secret."""
        if self._folder is None:
            yield
            return
        import fcntl  # only where there is an embedded database: not on Windows

        _make_private_folder(self._folder)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _variable(name: str) -> str:
    return f"ORDERS_TUI_{name.upper()}"


def _credential(path: Path, described: str) -> Secret:
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(described, error) from error
    if not text:
        raise Misconfigured(
            "secrets.credential_file_empty", f"There is nothing in {described}: write the secret into it."
        )
    return Secret(text, Origin.CREDENTIAL_FILE, str(path))


def _unreadable(described: str, error: Exception) -> Misconfigured:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
    return Misconfigured("secrets.unreadable", f"Cannot read {described} ({reason}): mend its path or its permissions.")


def _make_private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_durably(path: Path, text: str) -> None:
    """All or nothing, and on the disk when it returns: a lost master key is lost personal data."""
    _make_private_folder(path.parent)
    descriptor, temporary = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
