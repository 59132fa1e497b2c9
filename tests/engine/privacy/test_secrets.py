"""The chain of secrets: who wins, who is refused, what is written where."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from engine.errors import Misconfigured
from engine.privacy.os_keyring import OsKeyring
from engine.privacy.secrets import Origin, Secret, Secrets

ENTRY_SERVICE = "orders-tui"


UseKeyring = Callable[[KeyringBackend], None]


def read(chain: Secrets, name: str = "master_key") -> Secret:
    found = chain.read(name)
    assert found is not None
    return found


class Drawer(KeyringBackend):
    """A keyring that keeps what it is given for the length of a test."""

    priority: float = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Broken(Drawer):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringError("the collection is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("no bus")


class Silent(Drawer):
    """Waits for a person who never comes."""

    def get_password(self, service: str, username: str) -> str | None:
        threading.Event().wait()
        return None


@pytest.fixture
def use_keyring() -> Iterator[UseKeyring]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_a_secret_nobody_has_is_none(tmp_path: Path) -> None:
    assert Secrets({}, data_directory=tmp_path).read("master_key") is None


def test_the_first_place_of_the_chain_wins(tmp_path: Path, use_keyring: UseKeyring) -> None:
    drawer = Drawer()
    use_keyring(drawer)
    data = tmp_path / "data"
    Secrets({}, data_directory=data).keep("master_key", "from the key file")
    drawer.set_password(ENTRY_SERVICE, f"master_key@{data}", "from the keyring")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "master_key").write_text("from the credentials directory\n")
    named = tmp_path / "named"
    named.write_text("from the named file\n")
    environment = {
        "ORDERS_TUI_MASTER_KEY": "from the environment",
        "ORDERS_TUI_MASTER_KEY_FILE": str(named),
        "CREDENTIALS_DIRECTORY": str(credentials),
    }

    seen = []
    for gone in ("ORDERS_TUI_MASTER_KEY", "ORDERS_TUI_MASTER_KEY_FILE", "CREDENTIALS_DIRECTORY"):
        found = read(Secrets(environment, data_directory=data, keyring=OsKeyring()))
        seen.append((found.reveal(), found.origin))
        del environment[gone]
    for chain_keyring in (OsKeyring(), None):
        found = read(Secrets(environment, data_directory=data, keyring=chain_keyring))
        seen.append((found.reveal(), found.origin))

    assert seen == [
        ("from the environment", Origin.ENVIRONMENT),
        ("from the named file", Origin.CREDENTIAL_FILE),
        ("from the credentials directory", Origin.CREDENTIAL_FILE),
        ("from the keyring", Origin.KEYRING),
        ("from the key file", Origin.KEY_FILE),
    ]


def test_a_secret_prints_nowhere(tmp_path: Path) -> None:
    secret = Secrets({}, data_directory=tmp_path).keep("smtp_password", "correct horse")
    assert "correct horse" not in f"{secret} {secret!r}"
    assert secret.reveal() == "correct horse"


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    assert Secrets({"ORDERS_TUI_MASTER_KEY": ""}, data_directory=tmp_path).read("master_key") is None


def test_a_named_file_that_is_missing_is_refused_with_its_variable(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    with pytest.raises(Misconfigured) as refused:
        Secrets({"ORDERS_TUI_SMTP_PASSWORD_FILE": str(missing)}).read("smtp_password")
    assert refused.value.sentence == (
        f"Cannot read the file {missing} that ORDERS_TUI_SMTP_PASSWORD_FILE names (No such file or directory):"
        " mend its path or its permissions."
    )


def test_an_empty_credential_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "smtp_password").write_text("\n")
    with pytest.raises(Misconfigured, match="There is nothing in the credential file"):
        Secrets({"CREDENTIALS_DIRECTORY": str(tmp_path)}).read("smtp_password")


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    Secrets({}, data_directory=tmp_path).keep("master_key", "k")
    folder = tmp_path / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "master_key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["master_key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_others_can_read_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    chain = Secrets({}, data_directory=tmp_path)
    path = Path(chain.keep("master_key", "k").place)
    path.chmod(mode)
    with pytest.raises(Misconfigured) as refused:
        chain.read("master_key")
    assert refused.value.sentence == (
        f"The key file {path} can be read by other accounts: run chmod 600 {path}, and change the secret if they may"
        " have read it."
    )


def test_a_key_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("planted")
    elsewhere.chmod(0o600)
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "master_key").symlink_to(elsewhere)
    with pytest.raises(Misconfigured, match="Cannot read the key file"):
        Secrets({}, data_directory=tmp_path).read("master_key")


def test_a_real_keyring_is_preferred_for_keeping_and_nothing_lies_in_a_file(
    tmp_path: Path, use_keyring: UseKeyring
) -> None:
    drawer = Drawer()
    use_keyring(drawer)
    kept = Secrets({}, data_directory=tmp_path, keyring=OsKeyring()).keep("master_key", "k")
    assert kept.origin is Origin.KEYRING
    assert drawer.kept == {(ENTRY_SERVICE, f"master_key@{tmp_path}"): "k"}
    assert "k" not in [path.read_text().strip() for path in (tmp_path / "secrets").iterdir()]


def test_two_data_directories_never_share_a_keyring_entry(tmp_path: Path, use_keyring: UseKeyring) -> None:
    use_keyring(Drawer())
    one = Secrets({}, data_directory=tmp_path / "one", keyring=OsKeyring())
    two = Secrets({}, data_directory=tmp_path / "two", keyring=OsKeyring())
    one.keep("master_key", "first")
    assert two.read("master_key") is None
    two.keep("master_key", "second")
    assert read(one).reveal() == "first"


def test_a_keyring_that_fails_counts_as_absent(tmp_path: Path, use_keyring: UseKeyring) -> None:
    use_keyring(Broken())
    chain = Secrets({}, data_directory=tmp_path, keyring=OsKeyring())
    assert chain.read("master_key") is None
    assert chain.keep("master_key", "k").origin is Origin.KEY_FILE
    assert read(chain).reveal() == "k"


def test_a_keyring_that_waits_for_a_person_is_given_up(tmp_path: Path, use_keyring: UseKeyring) -> None:
    use_keyring(Silent())
    chain = Secrets({}, data_directory=tmp_path, keyring=OsKeyring(limit_seconds=0.05))
    assert chain.keep("master_key", "k").origin is Origin.KEY_FILE


def test_a_keyring_without_a_real_backend_keeps_nothing(tmp_path: Path, use_keyring: UseKeyring) -> None:
    drawer = Drawer()
    drawer.priority = 0.5  # as files in clear text have
    use_keyring(drawer)
    assert Secrets({}, data_directory=tmp_path, keyring=OsKeyring()).keep("master_key", "k").origin is Origin.KEY_FILE
    assert drawer.kept == {}


def test_a_secret_in_a_keyring_that_is_shut_now_is_not_made_anew(tmp_path: Path, use_keyring: UseKeyring) -> None:
    use_keyring(Drawer())
    Secrets({}, data_directory=tmp_path, keyring=OsKeyring()).keep("master_key", "k")
    use_keyring(Broken())
    shut = Secrets({}, data_directory=tmp_path, keyring=OsKeyring())
    with pytest.raises(Misconfigured) as refused:
        shut.obtain("master_key", lambda: "another")
    assert refused.value.sentence == (
        "The secret master_key is kept in the keyring, which cannot be opened here: unlock it, or name a file that"
        " holds the secret in ORDERS_TUI_MASTER_KEY_FILE."
    )
    assert not (tmp_path / "secrets" / "master_key").exists()


def test_without_keyring_and_data_directory_there_is_no_place_to_keep() -> None:
    with pytest.raises(Misconfigured) as refused:
        Secrets({}).keep("tiktok_app_secret", "k")
    assert refused.value.sentence == (
        "There is no keyring to keep the secret tiktok_app_secret in: put it in a file and name that file in"
        " ORDERS_TUI_TIKTOK_APP_SECRET_FILE."
    )


def test_programs_that_make_a_secret_at_once_get_the_same_one(tmp_path: Path) -> None:
    program = (
        "import sys, secrets; from pathlib import Path; from engine.privacy.secrets import Secrets;"
        "chain = Secrets({}, data_directory=Path(sys.argv[1]));"
        "print(chain.obtain('master_key', lambda: secrets.token_hex(8)).reveal())"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = {process.communicate(timeout=60)[0].strip() for process in running}
    assert answers == {(tmp_path / "secrets" / "master_key").read_text().strip()}
