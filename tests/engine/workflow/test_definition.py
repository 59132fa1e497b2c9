"""A workflow file: the default one is the specification's, and every mistake in one gets a sentence with its mend."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Misconfigured
from engine.workflow import definition
from engine.workflow.actions import ACTIONS
from engine.workflow.conditions import CONDITIONS
from engine.workflow.machine import compile_definition, default_machine

SPECIFIED: dict[str, Any] = {
    "new": {
        "entry_actions": ["validate_order_data"],
        "transitions": {
            "validate": {
                "target": "validated",
                "conditions": ["order_data_valid", "payment_confirmed"],
                "actions": ["log_validation_success"],
            },
            "reject": {"target": "failed", "actions": ["notify_creator", "log_validation_failure"]},
        },
    },
    "validated": {
        "entry_actions": ["check_inventory_availability"],
        "transitions": {
            "reserve_inventory": {
                "target": "inventory_reserved",
                "conditions": ["inventory_available"],
                "actions": ["reserve_stock", "update_inventory"],
            },
            "backorder": {
                "target": "failed",
                "conditions": ["inventory_unavailable"],
                "actions": ["notify_out_of_stock", "offer_alternatives"],
            },
        },
    },
    "inventory_reserved": {
        "entry_actions": ["generate_pick_list", "notify_warehouse"],
        "transitions": {
            "ready_to_ship": {
                "target": "ready_to_ship",
                "conditions": ["items_picked", "shipping_label_ready"],
                "actions": ["create_shipping_label", "update_tiktok_status"],
            }
        },
    },
    "ready_to_ship": {
        "transitions": {
            "ship": {"target": "shipped", "actions": ["mark_shipped", "send_tracking_info", "notify_customer"]}
        }
    },
    "shipped": {
        "transitions": {
            "deliver": {
                "target": "completed",
                "conditions": ["delivery_confirmed"],
                "actions": ["mark_delivered", "trigger_analytics", "request_review"],
            }
        }
    },
    "completed": {"entry_actions": ["finalize_order", "update_creator_metrics"]},
    "failed": {"entry_actions": ["log_failure_reason", "notify_support"]},
}
"""The specification's machine, key by key."""

OURS = frozenset({"order_status", "final", "when"})
"""Keys that the specification's model does not have."""

SOUND = """
name = "order"
version = 1
initial = "new"

[states.new.transitions.go]
target = "completed"
conditions = ["payment_confirmed"]

[states.completed]
final = true

[states.failed]
"""

CONDITION_NAMES = ", ".join(sorted(CONDITIONS))
ACTION_NAMES = ", ".join(sorted(ACTIONS))
STATUS_NAMES = "pending, confirmed, processing, shipped, delivered, cancelled, returned"

TO_THE_END = '\n[states.validated.transitions.go]\ntarget = "completed"\nconditions = ["payment_confirmed"]\n'


def without_ours(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_ours(each) for name, each in value.items() if name not in OURS}
    return value


def refusal(text: str) -> str:
    """The sentence with which a workflow file is refused."""
    with pytest.raises(Misconfigured) as refused:
        compile_definition(definition.parse(text, "mine.toml"), "mine.toml")
    return refused.value.sentence


def test_the_default_workflow_is_the_specification_s_machine_word_for_word() -> None:
    document = tomllib.loads(resources.files("engine.workflow").joinpath("default.toml").read_text(encoding="utf-8"))
    assert without_ours(document["states"]) == SPECIFIED


def test_the_default_workflow_adds_three_system_triggers_and_two_whens() -> None:
    loaded = definition.load_default()
    assert {name: (trigger.conditions, trigger.actions) for name, trigger in loaded.system.items()} == {
        "fail": ((), ()),
        "resume": ((), ("rearm_effects",)),
        "cancel": (("not_handed_over",), ("release_stock", "void_effects", "void_label", "close_cancelled")),
    }
    whens = {
        (str(state.name), arrow.trigger): arrow.when for state in loaded.states.values() for arrow in state.transitions
    }
    assert {place: when for place, when in whens.items() if when} == {
        ("new", "reject"): "order_data_refused",
        ("ready_to_ship", "ship"): "handed_over",
    }


def test_each_state_of_the_default_workflow_means_an_order_status() -> None:
    meanings = {str(name): state.order_status for name, state in definition.load_default().states.items()}
    assert meanings == {
        "new": "pending",
        "validated": "confirmed",
        "inventory_reserved": "processing",
        "ready_to_ship": "processing",
        "shipped": "shipped",
        "completed": "delivered",
        "failed": None,
    }


def test_every_name_of_the_default_workflow_is_a_function() -> None:
    assert compile_definition(definition.load_default(), "default.toml").arrows == default_machine().arrows
    named = {action for state in SPECIFIED.values() for action in state.get("entry_actions", [])}
    assert named <= set(ACTIONS)


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SOUND, encoding="utf-8")
    loaded = definition.load(file)
    assert (loaded.name, loaded.version, str(loaded.initial)) == ("order", 1, "new")
    assert sorted(loaded.states) == ["completed", "failed", "new"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            SOUND.replace("payment_confirmed", "paid_up"),
            (f"state new, transition go: there is no condition 'paid_up'; known are {CONDITION_NAMES}."),
        ),
        (
            SOUND.replace("[states.failed]", '[states.failed]\nentry_actions = ["ring_bell"]'),
            f"state failed: there is no action 'ring_bell'; known are {ACTION_NAMES}.",
        ),
        (
            SOUND + '\n[system.cancel]\nconditions = ["never"]',
            f"system trigger cancel: there is no condition 'never'; known are {CONDITION_NAMES}.",
        ),
        (
            SOUND.replace("conditions = [", 'when = "sunny"\nconditions = ['),
            f"state new, transition go: there is no condition 'sunny'; known are {CONDITION_NAMES}.",
        ),
        (
            SOUND + TO_THE_END,
            "state validated: no transition leads to it from new; add one or remove it.",
        ),
        (
            SOUND.replace('target = "completed"', 'target = "validated"') + "\n[states.validated]\n",
            "state validated: nothing leads on from it; add a transition or `final = true`.",
        ),
        (
            SOUND.replace('target = "completed"', 'target = "failed"').replace(
                "[states.completed]\nfinal = true\n", ""
            ),
            "state new: no way leads from it to a final state; add one.",
        ),
        (
            SOUND.replace('conditions = ["payment_confirmed"]', "").replace('"completed"', '"validated"')
            + '\n[states.validated.transitions.back]\ntarget = "new"\n'
            + '[states.validated.transitions.on]\ntarget = "completed"\n',
            "state new: a loop through it never waits; give one of its transitions a condition.",
        ),
        (
            SOUND + '\n[states.new.transitions.again]\ntarget = "new"\n',
            (
                "state new, transition again: it returns to its own state without waiting for anything; "
                "give it a condition."
            ),
        ),
        (
            SOUND.replace('target = "completed"', 'target = "shipped"'),
            "state new, transition go: the target shipped is no state of this file; add [states.shipped].",
        ),
        (
            SOUND + '\n[states.completed.transitions.back]\ntarget = "new"\n',
            "state completed: a final state has transitions; remove them or `final`.",
        ),
        (
            SOUND.replace("[states.failed]", ""),
            "the file: the state failed is missing; add [states.failed].",
        ),
        (
            SOUND.replace('initial = "new"', 'initial = "validated"'),
            "the file: the state validated is missing; add [states.validated].",
        ),
        (
            SOUND + '\n[states.lost.transitions.go]\ntarget = "completed"\n',
            (
                "states: 'lost' is no state; states are new, validated, inventory_reserved, ready_to_ship, "
                "shipped, completed, failed."
            ),
        ),
        (
            SOUND + '\n[states.new.transitions.cancel]\ntarget = "completed"\n',
            "state new, transition cancel: this trigger belongs to the system; choose another name.",
        ),
        (
            SOUND + "\n[system.pause]\nactions = []\n",
            "system: 'pause' is none of fail, resume, cancel; rename or remove it.",
        ),
        (
            'name = "order"\nversion = 1\ninitial = "new"\n',
            "the file: the table [states] is missing; add it.",
        ),
        (SOUND.replace('name = "order"\n', ""), "the file: name is missing; give it a text."),
        (
            SOUND.replace("version = 1", "version = 0"),
            "the file: version is missing; give it a whole number from 1.",
        ),
        (
            SOUND.replace("version = 1", "version = true"),
            "the file: version is missing; give it a whole number from 1.",
        ),
        (
            SOUND.replace('["payment_confirmed"]', '"payment_confirmed"'),
            "state new, transition go: conditions must be a list of names.",
        ),
        (
            SOUND.replace("conditions = [", 'when = ["handed_over"]\nconditions = ['),
            "state new, transition go: `when` must be the name of one condition.",
        ),
        (
            SOUND.replace("[states.failed]", '[states.failed]\norder_status = "lost"'),
            f"state failed: order_status 'lost' is none of {STATUS_NAMES}.",
        ),
        (
            SOUND.replace("[states.failed]", '[states.failed]\norder_status = ["pending"]'),
            f"state failed: order_status ['pending'] is none of {STATUS_NAMES}.",
        ),
        (
            SOUND.replace("final = true", 'final = "yes"'),
            "state completed: final must be true or false.",
        ),
        (
            SOUND.replace("[states.failed]", "[states.failed]\ntransitions = []"),
            "state failed: transitions must be a table.",
        ),
        (
            SOUND.replace(
                "[states.new.transitions.go]",
                '[states.new]\ntransitions.stop = "completed"\n[states.new.transitions.go]',
            ),
            "state new, transition stop: it must be a table.",
        ),
        (
            SOUND.replace("[states.failed]", "[states.failed]\ncolour = 1"),
            (
                "state failed: 'colour' is not known here; known are entry_actions, exit_actions, final, "
                "order_status, transitions."
            ),
        ),
        (
            SOUND.replace("conditions = [", "condition = ["),
            "state new, transition go: 'condition' is not known here; known are actions, conditions, target, when.",
        ),
        (
            SOUND + '\n[system.fail]\ntarget = "failed"\n',
            "system trigger fail: 'target' is not known here; known are actions, conditions.",
        ),
        (
            'owner = "mira"\n' + SOUND,
            "the file: 'owner' is not known here; known are initial, name, states, system, version.",
        ),
    ],
    ids=lambda text: text[len("") :][:60] if text.startswith("mine.toml") else "",
)
def test_a_mistake_is_named_with_its_place_and_its_mend(text: str, sentence: str) -> None:
    assert refusal(text) == f"mine.toml, {sentence}"


def test_a_file_that_is_not_toml_says_where() -> None:
    assert refusal("name = ").startswith("mine.toml is not TOML: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        definition.load(tmp_path / "gone.toml")
    assert refused.value.code == "workflow.unreadable"
    assert str(tmp_path / "gone.toml") in refused.value.sentence
