"""Many orders at once, one way: fixed when it begins, done in parts, previewed, stopped, continued and undone.

Where to look
    many         begin, run, go on, undo: a transaction a part, and a part that breaks is divided
    requests     what may be asked, of which orders, and what is shown of a batch
    operations   what each kind does to a part
    preview      what it would do, with nothing written
    batches      a batch's rows: its parts, fixed when it begins; `breaking` is said of an order it breaks on
    journal      what undo may put back, until when, and unless the order changed since
    undoing      undo, a batch of its own; `undo_status`, `undo_marks` and `undo_holds` put things back
"""
