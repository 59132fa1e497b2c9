"""What goes in and out of the REST interface, one module per noun.

Where to look
    shape   what all of them have in common
    problem a refusal
    health  how orders are worked
    me      who is asking
    amounts money and addresses
    orders  orders as the specification spells them
    order_changes  what may be asked of them
    order_work  what people do with one
    failures  what waits for a person, and batches
    goods   products and stock
    house   shops, workflows, piles, reports
"""
