"""What goes in and out of the REST interface, one module per noun.

Where to look
    shape   what all of them have in common
    problem a refusal
    me      who is asking
"""
