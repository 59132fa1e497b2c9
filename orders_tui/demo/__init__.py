"""The demo: a whole shop on this machine, from the simulator's first order to the last delivery.

plan          what a demo run is asked to do
world         the simulator as a child process, and what it says of itself
preparation   the shop connected, its products and stock loaded, as a lead would do it
headless      the whole job with progress on stderr
summary       the numbers at the end, and whether they add up
live          the console over the same shop
"""
