"""What was done, by whom, and with which command: the parts of the Activity screen.

here        what this console did, as command lines
audit       what everybody did, from the audit; `audit_filter` is what narrows it
bulk        bulk changes: how far, what was refused, whether they can be taken back
prints      what was printed
mistakes    mistakes of this program, from its own log
"""
