"""One form for everything that is done to many orders at once, and for taking it back.

chosen    which orders: named ones, or all that match less those taken out
kinds     what each kind asks for before it can be previewed
asked     what was asked, ready to be previewed and run: a change, or an undo
command   a change as the command line that does the same
words     previews, progress and reports as text; what has to be typed
change    the form: choose, preview, reason, confirm, progress, report
"""
