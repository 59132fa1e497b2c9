"""Questions asked on top of a screen.

form            what all share: title, complaint, enter and escape
bulk/           one thing done to many orders: choose, preview, confirm, progress, refusals; and undo
fields          the lines of a form that are typed in
mend            receive stock, weigh, correct an address
retrying        retry and tell what came of it
confirm         a last look
report          what became of each order
"""
