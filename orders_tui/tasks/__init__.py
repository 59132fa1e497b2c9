"""What is done to chosen orders one by one, beside bulk changes: each task asks what it needs, does it, and tells.

A task is an async function of the screen and what is chosen; screens start it by its name.

telling     what became of it: a notice for one, a report for many
notes       notes, and taking note of them
workflows   pause, resume, start, skip
parcels     split, combine, hand over, void and buy labels
buyers      requests to cancel and returns, answered
failures    the failed queue: taken up, given, snoozed, woken
correcting  a corrected address
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.screens.console_screen import ConsoleScreen
from orders_tui.tasks import buyers, correcting, notes, parcels, workflows

Task = Callable[[ConsoleScreen, Chosen], Awaitable[None]]

TASKS: Mapping[str, Task] = {
    "note": notes.note,
    "acknowledge": notes.acknowledge,
    "skip": workflows.skip,
    "pause": workflows.pause,
    "resume": workflows.resume,
    "trigger": workflows.trigger,
    "split": parcels.split,
    "combine": parcels.combine,
    "uncombine": parcels.uncombine,
    "hand_over": parcels.hand_over,
    "void_label": parcels.void_label,
    "buy_label": parcels.buy_label,
    "answer_cancellation": buyers.answer_cancellation,
    "answer_return": buyers.answer_return,
    "correct_address": correcting.correct_address,
}
"""Every task by the name that its action gives."""
