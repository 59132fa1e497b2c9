"""`orders-tui config check` names every mistake with its line and mend; `config schema` fits what the program reads."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from orders_tui.cli.app import run
from orders_tui.settings import Settings

WRONG = """\
[database]
url = "postgresql://orders:hush@db.example/orders"
pool_sise = 3

[carrier]
rate_rule = "cheapest"
label_format = "TIFF"

[tiktok]
app_secret = "hush"
poll_seconds = 0

[http]
port = 70000

[daemn]
idle_seconds = 1
"""


@pytest.fixture
def file(configured: Path) -> Path:
    return configured


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(("config", *arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_every_mistake_is_named_in_the_order_of_the_file(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(WRONG)
    monkeypatch.setenv("ORDERS_TUI_CONSOL__THEME", "orders-light")
    monkeypatch.setenv("ORDERS_TUI_DAEMON__IDLE_SECONDS", "soon")
    code, out, err = said(capsys, "check")
    assert (code, err) == (2, "9 mistakes.\n")
    assert "hush" not in out
    assert [line.replace(str(file), "FILE") for line in out.splitlines()] == [
        "FILE, line 2: database.url holds a password: take it out and set ORDERS_TUI_DATABASE_PASSWORD or its credential file.",
        "FILE, line 3: there is no setting database.pool_sise; did you mean pool_size?",
        "FILE, line 7: carrier.label_format is wrong: it should be 'PDF', 'PNG', 'ZPL' or 'EPL2'.",
        (
            "FILE, line 10: tiktok.app_secret is a secret and does not belong into settings: take it out and give it as"
            " ORDERS_TUI_TIKTOK_APP_SECRET, or in a file that ORDERS_TUI_TIKTOK_APP_SECRET_FILE names."
        ),
        "FILE, line 11: tiktok.poll_seconds is wrong: it should be greater than 0.",
        "FILE, line 14: http.port is wrong: it should be less than or equal to 65535.",
        "FILE, line 16: there is no setting daemn; did you mean daemon?",
        "The variable ORDERS_TUI_CONSOL__THEME names no section there is; did you mean ORDERS_TUI_CONSOLE__…?",
        (
            "The variable ORDERS_TUI_DAEMON__IDLE_SECONDS: daemon.idle_seconds is wrong: it should be a valid number, unable to parse"
            " string as a number."
        ),
    ]


def test_what_only_its_own_part_refuses_is_found_too_and_a_good_file_is_called_good(
    file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file.write_text('[carrier]\n\nrate_rule = "prettiest"\n[http]\nenabled = true\nhost = "0.0.0.0"\n')
    code, out, _ = said(capsys, "check", "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert (code, [each["code"] for each in found]) == (2, ["shipping.bad_rate_rule", "http.in_clear"])
    assert found[0]["sentence"].startswith(f"{file}, line 3: carrier.rate_rule: 'prettiest' is no rule for rates;")
    assert found[1]["sentence"].startswith(f"{file}, line 6: http.host is 0.0.0.0, where others could listen in:")
    good = tmp_path / "good.toml"
    good.write_text('[tiktok]\napp_key = "6abc"\n[notices.smtp]\nhost = "mail.shop.example"\n')
    assert said(capsys, "check", str(good)) == (0, "", f"{good}: no mistakes.\n")
    good.write_text("[a\n")
    code, out, _ = said(capsys, "check", str(good))
    assert (code, out.startswith(f"{good} is not TOML:")) == (2, True)


def test_the_schema_takes_what_the_program_takes_and_describes_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "schema")
    schema = json.loads(out)
    assert code == 0
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    assert schema["properties"].keys() == Settings.model_fields.keys()
    docs = Path(__file__).parents[3] / "docs" / "running.md"
    shown = "\n".join(line.removeprefix("    ") for line in docs.read_text().splitlines() if line.startswith("    "))
    first = shown[shown.index("[database]") : shown.index("[limits]")]
    assert [error.message for error in judge.iter_errors(tomllib.loads(first))] == []
    Settings(**tomllib.loads(first))
    wrong = tomllib.loads(WRONG)
    assert {error.json_path for error in judge.iter_errors(wrong)} == {
        "$", "$.carrier.label_format", "$.database", "$.http.port", "$.tiktok", "$.tiktok.poll_seconds",
    }  # fmt: skip
    assert schema["$defs"]["BackupSection"]["properties"]["keep"]["description"].startswith("So many files")
