"""The workflow: what may happen to an order next, decided for a whole batch in one transaction.

default.toml  the workflow that ships with the program, as data
definition    reading and checking a workflow file
machine       the compiled `transitions` machine and its tokens
facts         what a decision may look at, read for a batch
conditions    pure questions about one order's facts
actions       what a transition does: commands added to the plan
plan          the commands of a batch
writing       the plan written set-wise
advance       read, decide, write: the one way an order moves
runner        claims due work and advances it, halving a batch that breaks
requests      what a person may ask for, and why not
failures      causes in words, the failed queue, retry
"""
