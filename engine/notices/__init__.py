"""Notices: who gets which, where, when, and what came of each send.

Where to look
    habits      which notices are urgent and which gather before they leave
    directory   people, their targets and their choices, read once and kept until they change
    quiet_hours when a person is not to be disturbed
    routing     the targets of one notice, each with its moment
    requests    what a notice says, read when it is about to be sent
    sends       the ledger of each notice to each target: handed over, claimed, settled
    people      who they are
    targets     adding, switching and removing targets, and how they fare
    choices     what each person wants, and when; addresses that want nothing
    bounces     letters that came back
    history     what was sent to whom
"""
