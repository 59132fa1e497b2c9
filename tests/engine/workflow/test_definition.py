"""A workflow file: the default one is the specification's, and every mistake in one gets a sentence with its mend."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from engine.effects.kinds import Retries
from engine.errors import Misconfigured
from engine.words import WorkflowState
from engine.workflow import definition_file
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

OURS = frozenset({"order_status", "final", "when", "skippable"})
"""Keys that the specification's model does not have."""

SOUND = """
name = "mine"
version = 1
initial = "new"

[states.new.transitions.go]
target = "completed"
conditions = ["payment_confirmed"]

[states.completed]
final = true
entry_actions = ["finalize_order"]

[states.failed]
entry_actions = ["log_failure_reason"]
"""

CONDITION_NAMES = ", ".join(sorted(CONDITIONS))
ACTION_NAMES = ", ".join(sorted(ACTIONS))
STATUS_NAMES = "pending, confirmed, processing, shipped, delivered, cancelled, returned"

GO = 'conditions = ["payment_confirmed"]'
FINAL = '[states.completed]\nfinal = true\nentry_actions = ["finalize_order"]\n'
FAILED = '[states.failed]\nentry_actions = ["log_failure_reason"]\n'
TO_THE_END = '\n[states.validated.transitions.go]\ntarget = "completed"\nconditions = ["payment_confirmed"]\n'
RETRY = '\n[actions.create_shipping_label]\nmax_attempts = 5\nbackoff_strategy = "exponential"\nbase_delay = 2.0\n'
BUYS = SOUND.replace(GO, GO + '\nactions = ["create_shipping_label"]')


def without_ours(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_ours(each) for name, each in value.items() if name not in OURS}
    return value


def mistakes(text: str) -> list[str]:
    """Everything that is said against a workflow file, without the file's name."""
    definition, sentences = definition_file.inspect(text, "mine.toml")
    assert (definition is None) == bool(sentences)
    assert all(sentence.startswith("mine.toml") for sentence in sentences)
    return [sentence.removeprefix("mine.toml, ") for sentence in sentences]


def test_the_default_workflow_is_the_specification_s_machine_word_for_word() -> None:
    document = tomllib.loads(resources.files("engine.workflow").joinpath("default.toml").read_text(encoding="utf-8"))
    assert without_ours(document["states"]) == SPECIFIED


def test_the_default_workflow_adds_three_system_triggers_and_two_whens() -> None:
    loaded = definition_file.load_default()
    assert {name: (trigger.conditions, trigger.actions) for name, trigger in loaded.system.items()} == {
        "fail": ((), ()),
        "resume": ((), ("rearm_effects",)),
        "cancel": (
            ("not_handed_over",),
            ("release_stock", "void_effects", "void_label", "tell_cancellation", "close_cancelled"),
        ),
    }
    whens = {
        (str(state.name), arrow.trigger): arrow.when for state in loaded.states.values() for arrow in state.transitions
    }
    assert {place: when for place, when in whens.items() if when} == {
        ("new", "reject"): "order_data_refused",
        ("ready_to_ship", "ship"): "handed_over",
    }


def test_a_changed_default_workflow_raises_its_version() -> None:
    """Databases keep the text that a version was first stored with: another one under the same number would never be used."""
    digests = {1: "bc732d61fcc13e95c91f60dad22f24cc60a9497e60039616739d29c0f68e759d"}
    loaded = definition_file.load_default()
    assert definition_file.packaged_digest().hex() == digests[loaded.version], (
        "default.toml has changed: raise its version and add the digest here, or replace this one if it was never released"
    )


def test_each_state_of_the_default_workflow_means_an_order_status() -> None:
    meanings = {str(name): state.order_status for name, state in definition_file.load_default().states.items()}
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
    assert compile_definition(definition_file.load_default()).arrows == default_machine().arrows
    named = {action for state in SPECIFIED.values() for action in state.get("entry_actions", [])}
    assert named <= set(ACTIONS)


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SOUND, encoding="utf-8")
    loaded = definition_file.load(file)
    assert (loaded.name, loaded.version, str(loaded.initial)) == ("mine", 1, "new")
    assert sorted(loaded.states) == ["completed", "failed", "new"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            SOUND.replace("payment_confirmed", "paid_up"),
            (f"state new, transition go: there is no condition 'paid_up'; known are {CONDITION_NAMES}."),
        ),
        (
            SOUND.replace(FAILED, FAILED + 'exit_actions = ["ring_bell"]\n'),
            f"state failed: there is no action 'ring_bell'; known are {ACTION_NAMES}.",
        ),
        (
            SOUND + '\n[system.fail]\nconditions = ["never"]',
            f"system trigger fail: there is no condition 'never'; known are {CONDITION_NAMES}.",
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
            SOUND.replace('target = "completed"', 'target = "failed"').replace(FINAL, ""),
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
            SOUND.replace(FAILED, ""),
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
        (SOUND.replace('name = "mine"\n', ""), "the file: name is missing; give it a text."),
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
                '[states.new]\ntransitions.halt = "completed"\n[states.new.transitions.go]',
            ),
            "state new, transition halt: it must be a table.",
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
            (
                "state new, transition go: 'condition' is not known here; known are actions, conditions, skippable, target, "
                "when."
            ),
        ),
        (
            SOUND + '\n[system.fail]\ntarget = "failed"\n',
            "system trigger fail: 'target' is not known here; known are actions, conditions.",
        ),
        (
            SOUND.replace(FINAL, FINAL.replace("finalize_order", "update_creator_metrics")),
            "state completed: no order that comes here is closed; add 'finalize_order' to its entry_actions.",
        ),
        (
            SOUND.replace(FAILED, "[states.failed]\n"),
            (
                "state failed: no order that comes here is put in front of a person; "
                "add 'log_failure_reason' to its entry_actions."
            ),
        ),
        (
            SOUND + '\n[states.failed.transitions.again]\ntarget = "new"\nconditions = ["items_picked"]\n',
            "state failed: a failed order moves by retry and cancellation only; remove its transitions.",
        ),
        (
            SOUND.replace(FAILED, FAILED + "final = true\n"),
            "state failed: a failed order waits for a person; remove `final`.",
        ),
        (
            SOUND + '\n[system.cancel]\nactions = ["release_stock", "close_cancelled"]\n',
            "system trigger cancel: it leaves things open; add void_effects, void_label to its actions.",
        ),
        (
            SOUND + "\n[system.resume]\nactions = []\n",
            "system trigger resume: it leaves things open; add rearm_effects to its actions.",
        ),
        (
            SOUND + '\n[states.new.transitions.skip_all]\ntarget = "completed"\nconditions = ["items_picked"]\n',
            "state new, transition skip_all: this trigger belongs to the system; choose another name.",
        ),
        (
            SOUND + '\n[states.new.transitions."go on"]\ntarget = "completed"\nconditions = ["items_picked"]\n',
            (
                "state new, transition go on: a trigger is written in letters, digits and underscores; "
                "choose another name."
            ),
        ),
        (
            SOUND.replace('"mine"', '"my flow"'),
            "the file: name is written in letters, digits, - and _, at most 100 of them.",
        ),
        (
            SOUND.replace(GO, GO + "\nskippable = 1"),
            "state new, transition go: skippable must be true or false.",
        ),
        (
            SOUND.replace(GO, GO + "\nskippable = true"),
            (
                "state new, transition go: nothing on it may be skipped: a label, stock, money and valid data are there "
                "or they are not; remove `skippable`."
            ),
        ),
        (
            BUYS + RETRY.replace("create_shipping_label", "ring_bell"),
            f"action ring_bell: there is no such action; known are {ACTION_NAMES}.",
        ),
        (
            SOUND + RETRY,
            (
                "action create_shipping_label: no state and no transition of this file runs it; "
                "use it or remove this table."
            ),
        ),
        (
            SOUND + RETRY.replace("create_shipping_label", "finalize_order"),
            "action finalize_order: it neither goes outside nor can fail, so nothing is retried; remove this table.",
        ),
        (
            BUYS + RETRY.replace("max_attempts = 5", "max_attempts = 0"),
            "action create_shipping_label: max_attempts must be a whole number from 1 to 100.",
        ),
        (
            BUYS + RETRY.replace("max_attempts = 5\n", ""),
            "action create_shipping_label: max_attempts must be a whole number from 1 to 100.",
        ),
        (
            BUYS + RETRY.replace('"exponential"', '"sometimes"'),
            "action create_shipping_label: backoff_strategy must be one of linear, exponential.",
        ),
        (
            BUYS + RETRY.replace("2.0", "0"),
            "action create_shipping_label: base_delay must be seconds, more than 0 and at most 3600.",
        ),
        (
            BUYS + RETRY.replace("2.0", "true"),
            "action create_shipping_label: base_delay must be seconds, more than 0 and at most 3600.",
        ),
        (
            BUYS + RETRY + "jitter = true\n",
            (
                "action create_shipping_label: 'jitter' is not known here; known are backoff_strategy, base_delay, "
                "max_attempts, max_delay."
            ),
        ),
        (
            BUYS + RETRY + "max_delay = 90000\n",
            "action create_shipping_label: max_delay must be seconds, more than 0 and at most 86400.",
        ),
        (
            BUYS + "\n[actions]\ncreate_shipping_label = 5\n",
            "action create_shipping_label: it must be a table.",
        ),
        (
            'owner = "mira"\n' + SOUND,
            "the file: 'owner' is not known here; known are actions, initial, name, states, system, version.",
        ),
    ],
    ids=lambda text: text[len("") :][:60] if text.startswith("mine.toml") else "",
)
def test_a_mistake_is_named_with_its_place_and_its_mend(text: str, sentence: str) -> None:
    assert mistakes(text) == [sentence]


def test_every_mistake_is_named_at_once() -> None:
    text = (
        SOUND.replace('target = "completed"', 'target = "validated"').replace("payment_confirmed", "paid_up")
        + "\n[states.validated]\n"
    )
    assert mistakes(text) == [
        "state validated: nothing leads on from it; add a transition or `final = true`.",
        "state new: no way leads from it to a final state; add one.",
        "state completed: no transition leads to it from new; add one or remove it.",
        f"state new, transition go: there is no condition 'paid_up'; known are {CONDITION_NAMES}.",
    ]
    with pytest.raises(Misconfigured) as refused:
        definition_file.parse(text, "mine.toml")
    assert refused.value.code == "workflow.malformed"
    assert refused.value.sentence == (
        "mine.toml, state validated: nothing leads on from it; add a transition or `final = true`."
        " (and 3 more: orders-tui workflow check names them)"
    )


def test_what_cannot_be_read_is_not_missed_once_more() -> None:
    text = SOUND.replace('"completed"', '"lost"').replace("final = true", "final = 1")
    assert mistakes(text) == [
        (
            "state new, transition go: 'lost' is no state; states are new, validated, inventory_reserved, ready_to_ship, "
            "shipped, completed, failed."
        ),
        "state completed: final must be true or false.",
    ]


def test_two_loops_that_never_wait_are_two_mistakes() -> None:
    text = (
        SOUND.replace(GO, "").replace('"completed"', '"validated"')
        + '\n[states.validated.transitions.back]\ntarget = "new"\n'
        + '[states.validated.transitions.on]\ntarget = "shipped"\nconditions = ["items_picked"]\n'
        + '[states.shipped.transitions.on]\ntarget = "ready_to_ship"\n'
        + '[states.ready_to_ship.transitions.back]\ntarget = "shipped"\n'
        + '[states.ready_to_ship.transitions.on]\ntarget = "completed"\n'
    )
    assert mistakes(text) == [
        "state new: a loop through it never waits; give one of its transitions a condition.",
        "state shipped: a loop through it never waits; give one of its transitions a condition.",
    ]


def test_what_a_file_does_not_say_of_the_system_the_default_workflow_says() -> None:
    assert definition_file.parse(SOUND, "mine.toml").system == definition_file.load_default().system


def test_a_retry_config_is_read_in_seconds() -> None:
    [(action, retry)] = definition_file.parse(BUYS + RETRY, "mine.toml").retries.items()
    assert (action, retry) == ("create_shipping_label", Retries(5, 2.0, 3600.0, 2.0))
    assert [retry.ceiling_seconds(attempt) for attempt in (1, 2, 3, 20)] == [2.0, 4.0, 8.0, 3600.0]
    [capped] = definition_file.parse(BUYS + RETRY + "max_delay = 3\n", "mine.toml").retries.values()
    assert [capped.ceiling_seconds(attempt) for attempt in (1, 2, 3)] == [2.0, 3.0, 3.0]
    linear = Retries(5, 1.5, 3600.0, 2.0, linear=True)
    assert [linear.ceiling_seconds(attempt) for attempt in (1, 2, 3)] == [1.5, 3.0, 4.5]
    assert [Retries.read(each.document()) for each in (retry, linear)] == [retry, linear]


def test_the_default_workflow_is_drawn_to_need_what_it_asks_for() -> None:
    needs = default_machine().needs
    assert {state for state, need in needs.items() if need.address} == {WorkflowState.NEW, WorkflowState.FAILED}
    assert {state for state, need in needs.items() if need.shelf} == {
        WorkflowState.NEW,
        WorkflowState.VALIDATED,
        WorkflowState.FAILED,
    }
    assert {state for state, need in needs.items() if not need.packages} == {WorkflowState.NEW}
    assert {state for state, need in needs.items() if need.buys_label} == {WorkflowState.INVENTORY_RESERVED}


def test_a_file_that_is_not_toml_says_where() -> None:
    [sentence] = mistakes("name = ")
    assert sentence.startswith("mine.toml is not TOML: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        definition_file.load(tmp_path / "gone.toml")
    assert refused.value.code == "workflow.unreadable"
    assert str(tmp_path / "gone.toml") in refused.value.sentence
