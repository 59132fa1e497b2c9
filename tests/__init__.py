"""The tests mirror the packages; beside them, bench measures and faults destroys."""
