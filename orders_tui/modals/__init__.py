"""Questions asked on top of a screen.

form            what all share: title, complaint, enter and escape
status_change   choose, preview, reason, progress, refusals
mend            receive stock, weigh, correct an address
retrying        retry and tell what came of it
confirm         a last look
report          what became of each order
"""
