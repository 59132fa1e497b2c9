"""What has to be read for an order before it is decided, told by its definition: only what the ways ahead may ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.words import WorkflowState
from engine.workflow.definition import Definition, Transition
from engine.workflow.definition_checks import reachable

_READ_ADDRESS = frozenset({"order_data_valid", "order_data_refused", "validate_order_data", "log_validation_failure"})
_READ_SHELF = frozenset(
    {
        "inventory_available",
        "inventory_unavailable",
        "check_inventory_availability",
        "reserve_stock",
        "notify_out_of_stock",
    }
)
_WAIT_FOR_LABEL = "shipping_label_ready"
_PLAN_PACKAGES = "create_shipping_label"


@dataclass(frozen=True, slots=True)
class Needs:
    """What an order in one state needs read."""

    address: bool = True
    shelf: bool = True
    """What is available, under lock."""
    packages: bool = True
    buys_label: bool = False
    """The shop's policy decides in this state when the label is bought."""


EVERYTHING = Needs()
"""For a failed order, which may be sent back anywhere."""


def needs_of(definition: Definition) -> Mapping[WorkflowState, Needs]:
    """What to read in each state."""
    states = definition.states
    ahead = {name: [arrow for way in reachable(name, states) for arrow in states[way].transitions] for name in states}
    buying = {name for name, state in states.items() if any(_WAIT_FOR_LABEL in a.conditions for a in state.transitions)}
    packing = {arrow.target for arrows in ahead.values() for arrow in arrows if _PLAN_PACKAGES in arrow.actions}
    packing |= {name for name, state in states.items() if _PLAN_PACKAGES in state.entry_actions}
    packed = {later for name in buying | packing for later in reachable(name, states)}

    def of(name: WorkflowState) -> Needs:
        if name is WorkflowState.FAILED:
            return EVERYTHING
        asked = {word for arrow in ahead[name] for word in _words(definition, arrow)}
        return Needs(
            address=bool(asked & _READ_ADDRESS),
            shelf=bool(asked & _READ_SHELF),
            # Orders that were arranged elsewhere begin further on, and what is known of their parcels counts; so does what was put off.
            packages=name in packed or name is not WorkflowState.NEW,
            buys_label=name in buying,
        )

    return {name: of(name) for name in states}


def _words(definition: Definition, arrow: Transition) -> Iterator[str]:
    """Every name that is asked or run when the arrow is tried and taken."""
    yield from (*arrow.conditions, *arrow.actions, *([arrow.when] if arrow.when else []))
    yield from definition.states[arrow.target].entry_actions
