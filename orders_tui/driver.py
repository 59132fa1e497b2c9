"""The terminal driver, which can say when the terminal does not keep up."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

QUEUED_FRAMES = 2
"""More frames than this waiting to be written: unasked refreshes are skipped until they are gone."""


class PatientDriver(LinuxDriver):
    """Textual never drops a frame, and a full queue blocks the keys; `behind` lets the refresh wait instead."""

    @property
    def behind(self) -> bool:
        writer = self._writer_thread
        return writer is not None and writer._queue.qsize() > QUEUED_FRAMES  # noqa: SLF001 - nothing public tells it
