"""Destruction, asked for by name (`make faults`): what is killed, frozen, cut or restarted here must cost time and nothing else.

__main__      plays the list, two runs side by side, and ends with the totals
catalogue     the list: every boundary with every blow, and what does not fit into that table
boundaries    every commit of the daemon and every call, and the scene in which each is met
census        the same commits found by reading the sources, so that none is missing from the list
scenes        what is going on meanwhile: the shop, its people, a poison order
runs, acts    one run; what befalls it
stage         one run's world: database, simulator, daemons
victim        a daemon in a process of its own; interception strikes it, clocks make its clock wrong
cluster       a PostgreSQL that may be killed
books         whether everything adds up afterwards
killing       the demo as a whole, killed by the tests in test_kills
"""
