"""Everything that goes outside: the permanent ledger and the queue of what is still to send.

kinds       which dependency a kind talks to, its lease and its budget of attempts
ledger      claim, checkpoint, settle: one token per claim, in every later write
meanings    what a settled effect means for its order
"""
