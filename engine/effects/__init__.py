"""Everything that goes outside: the permanent ledger and the queue of what is still to send.

Where to look
    kinds       which dependency a kind talks to, its lease and its budget of attempts
    ledger      intend, claim, checkpoint: one token per claim, in every later write
    settling    what came of a claim, written in one transaction with what it means for its order
    meanings    what a settled effect means for its package
"""
