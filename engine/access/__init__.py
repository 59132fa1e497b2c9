"""Who may do what, and how the database is made to hold to it.

Where to look
    roles        the roles, in the order of their power
    permissions  what each role may do: one written table
    caller       who asks, once it is known
    tokens       tokens the program issues itself
    users        finding who asks: by the subject of a token, by a session's login
    people       people, their logins, services: made known, found, given another role, disabled; `logins.sql` makes the logins
    scram        the verifier of a password
    refusals     what somebody was refused, in the audit
    reference    the tables of docs/access.md
    scoped       a database whose every statement runs as the caller's role, with the caller's claims
    tables       who may do what with the rows of each table, as data; `identity.sql` is how the database knows who asks
    guards       the grants and the row-level security made of it
    group_roles  the roles of the cluster that stand for ours; made when they are missing
"""
