"""Questions asked on top of a screen.

form            what all share: title, complaint, enter and escape
bulk/           one thing done to many orders: choose, preview, confirm, progress, refusals; and undo
question        one question before one write
order_menu      what can be done with the chosen orders
fields          the lines of a form that are typed in
mend            receive stock, weigh, map, declare, correct an address; `mending` says which mends what
retrying        retry and tell what came of it
entry           typed fields, checked as they are typed, with what would come of it beneath; one write
choose          one of a few lines
paper           a pick list, slips or labels on screen, and from there on paper
returns         what is to be received, and how much of it is good
stations        a station's printers
calendars       cut-offs and holidays of locations
reading         a text to be read
columns         the table's columns, their order, and the sort
exporting       the list written to a file
confirm         a last look
copying         what can be copied of an order; a text to be selected by hand
jumping         a letter on everything that can be gone to
press_key       a key, by pressing it
phrase          one phrase: a filter, a value
report          what became of each order
"""
