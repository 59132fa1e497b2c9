"""What any provider of labels must do, asked of every adapter by the same tests.

A provider's own side is a `Bench`: the simulator that it talks to, and what may be counted there.
"""
