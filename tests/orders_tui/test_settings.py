"""The configuration: environment over file over default, and one sentence for whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.effects.kinds import BUDGETS, Retries
from engine.errors import Misconfigured
from engine.words import EffectKind
from orders_tui.settings import Settings
from orders_tui.settings_file import read_settings
from orders_tui.settings_origin import settings_in_force
from orders_tui.settings_path import settings_path
from orders_tui.settings_writer import write_setting
from sync.resilience import BreakerSettings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("")
    monkeypatch.setenv("ORDERS_TUI_CONFIG", str(path))
    return path


def test_an_empty_file_leaves_every_default(file: Path) -> None:
    assert read_settings() == Settings.model_construct(
        **{name: getattr(Settings(), name) for name in Settings.model_fields}
    )
    assert read_settings().database.url == ""


def test_the_environment_wins_over_the_file_key_by_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[database]\nurl = "postgresql://orders@db.example/orders"\npool_size = 3\n')
    monkeypatch.setenv("ORDERS_TUI_DATABASE__POOL_SIZE", "7")
    monkeypatch.setenv("ORDERS_TUI_MASTER_KEY", "7a")
    database = read_settings().database
    assert (database.url, database.pool_size) == ("postgresql://orders@db.example/orders", 7)


def test_without_a_named_file_a_missing_one_is_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDERS_TUI_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings_path().name == "config.toml"
    assert read_settings().console.theme == "orders-dark"


def test_a_named_file_that_is_missing_is_said_so(file: Path) -> None:
    file.unlink()
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert caught.value.sentence == (
        f"There is no file {file}, which ORDERS_TUI_CONFIG names: write it, or unset the variable."
    )


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        (
            "[database]\npool_size = 'many'\n",
            "settings.invalid",
            (
                "{file}, line 2: database.pool_size is wrong: it should be a valid integer,"
                " unable to parse string as an integer."
            ),
        ),
        (
            "\n[databas]\nurl = ''\n",
            "settings.unknown",
            "{file}, line 2: there is no setting databas; did you mean database?",
        ),
        (
            "[notices.smtp]\nhost = 'a'\nprot = 25\n",
            "settings.unknown",
            "{file}, line 3: there is no setting notices.smtp.prot; did you mean port?",
        ),
        (
            "tiktok.app_secret = 'hush'\n",
            "settings.secret",
            (
                "{file}, line 1: tiktok.app_secret is a secret and does not belong into settings: take it out and"
                " give it as ORDERS_TUI_TIKTOK_APP_SECRET, or in a file that ORDERS_TUI_TIKTOK_APP_SECRET_FILE names."
            ),
        ),
        (
            "[tiktok]\nbase_url = 'ftp://x'\n",
            "settings.invalid",
            "{file}, line 2: tiktok.base_url is wrong: must begin with https:// or http://.",
        ),
        ("[notices.smtp]\nport = 25\n", "settings.invalid", "{file}: notices.smtp.host is wrong: it must be given."),
        ("database = 3\n", "settings.invalid", "{file}, line 1: database is wrong: it is a table, not a value."),
        (
            "[a\n",
            "settings.malformed",
            "{file} is not TOML: Expected ']' at the end of a table declaration (at line 1, column 3); mend that line.",
        ),
    ],
)
def test_a_bad_file_gets_one_sentence(file: Path, text: str, code: str, sentence: str) -> None:
    file.write_text(text)
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert (caught.value.code, caught.value.sentence) == (code, sentence.format(file=file))


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "ORDERS_TUI_DATABASE__POOLED",
            "maybe",
            (
                "The variable ORDERS_TUI_DATABASE__POOLED: database.pooled is wrong: it should be a valid boolean,"
                " unable to interpret input."
            ),
        ),
        (
            "ORDERS_TUI_DATABASE",
            "x",
            (
                "The variable ORDERS_TUI_DATABASE cannot be read: it is a table,"
                " whose keys are set one by one as ORDERS_TUI_DATABASE__KEY."
            ),
        ),
    ],
)
def test_a_bad_variable_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert caught.value.sentence == sentence


def test_a_password_in_the_database_s_address_is_refused_and_not_repeated(file: Path) -> None:
    file.write_text('[database]\nurl = "postgresql://orders:hush@db.example/orders"\n')
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert caught.value.code == "database.url_has_password"
    assert "hush" not in caught.value.sentence
    assert "ORDERS_TUI_DATABASE_PASSWORD" in caught.value.sentence


def test_a_password_in_redis_s_address_is_refused_and_not_repeated(file: Path) -> None:
    file.write_text('[limits]\nredis_url = "redis://:hush@cache.example/0"\n')
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert caught.value.code == "limits.redis_url_has_password"
    assert "hush" not in caught.value.sentence
    assert "ORDERS_TUI_REDIS_PASSWORD" in caught.value.sentence
    file.write_text('[limits]\nredis_url = "http://cache.example"\n')
    with pytest.raises(Misconfigured):
        read_settings()


def test_a_wrong_value_is_not_repeated_since_it_may_be_secret(file: Path) -> None:
    file.write_text('[database]\npool_size = "hush-hush"\n')
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert "hush" not in caught.value.sentence


def test_a_file_that_is_not_text_is_said_so(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="it is not UTF-8 text"):
        read_settings()


def test_sections_become_the_settings_their_parts_take(file: Path, tmp_path: Path) -> None:
    file.write_text(
        """
        [database]
        data_directory = "/srv/orders"
        account = "warehouse"
        [tiktok.versions]
        "orders.detail" = "202601"
        [carrier]
        rate_rule = "service:Priority"
        label_format = "ZPL"
        [notices]
        sender = "hello@shop.example"
        [notices.smtp]
        host = "mail.example"
        encryption = "tls"
        port = 465
        """
    )
    settings = read_settings()
    database = settings.database.for_engine("orders-tui daemon")
    assert (database.data_directory, database.account) == (Path("/srv/orders"), "warehouse")
    assert database.application_name == "orders-tui daemon"
    assert settings.tiktok.for_client().versions == {"orders.detail": "202601"}
    assert settings.carrier.for_labels().rate_rule.service == "Priority"
    assert settings.carrier.for_easypost("key").label_format == "ZPL"
    mail = settings.notices.for_smtp("hush")
    assert mail is not None
    assert (mail.host, mail.port, mail.encryption.value, mail.sender) == (
        "mail.example",
        465,
        "tls",
        "hello@shop.example",
    )
    assert "hush" not in repr(mail)
    assert settings.notices.for_folder(tmp_path).directory == tmp_path / "notices"


def test_a_rate_rule_that_is_none_is_refused(file: Path) -> None:
    file.write_text('[carrier]\nrate_rule = "prettiest"\n')
    with pytest.raises(Misconfigured, match="prettiest"):
        read_settings().carrier.for_labels()


def test_without_a_mail_server_there_is_none(file: Path) -> None:
    assert read_settings().notices.for_smtp("") is None


def test_retries_and_breakers_are_set_for_each_dependency_and_the_rest_stays(file: Path) -> None:
    file.write_text(
        "[retries.carrier]\nmax_attempts = 6\n[breakers.tiktok]\nfailure_threshold = 4\nfailure_share = 0\n"
    )
    settings = read_settings()
    budgets = settings.retries.for_engine()
    assert budgets[EffectKind.BUY_LABEL].retries == Retries(6, 2.0, 60.0, 1.5)
    assert budgets[EffectKind.SHIP_PACKAGE] == BUDGETS[EffectKind.SHIP_PACKAGE]
    assert settings.breakers.tiktok.for_guard() == BreakerSettings(4, 30.0, 60.0, 0.0)
    assert settings.breakers.carrier.for_guard() == BreakerSettings()


def test_without_a_word_of_the_file_the_budgets_are_the_specification_s(file: Path) -> None:
    assert read_settings().retries.for_engine() == BUDGETS


BY_HAND = """\
# how the shop on the quay runs it
[tiktok]
poll_seconds = 30   # half a minute

[console]
theme = "orders-dark"  # easy on the eyes
# mouse = false

[console.keys]
"orders.sort" = "ctrl+o"

[carrier]
rate_rule = "cheapest"
"""


def test_one_setting_is_written_and_every_comment_stays(file: Path) -> None:
    file.write_text(BY_HAND)
    assert write_setting("console.theme", "orders-light").line == 'theme = "orders-light"'
    assert file.read_text() == BY_HAND.replace('"orders-dark"', '"orders-light"')
    write_setting("console.mouse", "false")
    write_setting("console.keys.orders.sort", "ctrl+k")
    write_setting("console.keys.orders.reverse", "ctrl+u")
    write_setting("daemon.idle_seconds", "2.5")
    write_setting("carrier.accounts", '["ca_1", "ca_2"]')
    read = read_settings()
    assert (read.console.theme, read.console.mouse, read.daemon.idle_seconds) == ("orders-light", False, 2.5)
    assert read.console.keys == {"orders.sort": "ctrl+k", "orders.reverse": "ctrl+u"}
    assert list(read.carrier.accounts) == ["ca_1", "ca_2"]
    assert read.tiktok.poll_seconds == 30
    kept = file.read_text()
    for comment in ("# how the shop on the quay runs it", "# half a minute", "# easy on the eyes", "# mouse = false"):
        assert comment in kept
    for name in ("console.mouse", "console.keys.orders.reverse", "daemon.idle_seconds", "carrier.accounts"):
        write_setting(name, None)
    write_setting("console.theme", "orders-dark")
    write_setting("console.keys.orders.sort", "ctrl+o")
    assert file.read_text() == BY_HAND + "\n[daemon]\n"


@pytest.mark.parametrize(
    ("text", "name", "value", "code"),
    [
        ("", "console.theem", "x", "settings.unknown"),
        ("", "console.refresh_seconds", "never", "settings.invalid"),
        ("", "theme", "x", "settings.name"),
        ("", "carrier.api_key", "k", "settings.secret"),
        ("console = {theme = 'orders-dark'}\n", "console.theme", "orders-light", "settings.by_hand"),
        ("[console]\ntheme = '''\norders-dark'''\n", "console.theme", "orders-light", "settings.by_hand"),
        ("[console\n", "console.theme", "orders-light", "settings.malformed"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_file_stays(
    file: Path, text: str, name: str, value: str, code: str
) -> None:
    file.write_text(text)
    with pytest.raises(Misconfigured) as caught:
        write_setting(name, value)
    assert caught.value.code == code
    assert file.read_text() == text
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_may_not_be_written_is_told_with_the_line_to_add(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TUI_CONFIG", "/proc/orders-tui.toml")  # no file is ever made there
    with pytest.raises(Misconfigured) as caught:
        write_setting("console.keys.orders.sort", "x")
    assert caught.value.code == "settings.not_written"
    assert caught.value.sentence.endswith('; add this line there under [console.keys]: "orders.sort" = "x"')


def test_every_setting_says_where_it_comes_from(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[limits]\nredis_url = "redis://cache.example:6379/0"\n')
    monkeypatch.setenv("ORDERS_TUI_CONSOLE__THEME", "orders-light")
    found = {setting.name: (setting.value, setting.origin) for setting in settings_in_force()}
    assert found["console.theme"] == ("orders-light", "ORDERS_TUI_CONSOLE__THEME")
    assert found["limits.redis_url"] == ("redis://cache.example:6379/0", "file")
    assert found["daemon.idle_seconds"] == ("1.0", "default")
    assert write_setting("console.theme", "orders-dark").overruled_by == "ORDERS_TUI_CONSOLE__THEME"
