"""What the Overview screen shows: panels of figures, each figure one line and the orders behind it.

figure    a figure, a panel, and how their lines are written
panels    which panels there are, and what each is made of
flow      orders a minute and an hour, the pace of each step, latency, error rate
today     today's numbers, money by currency
places    orders by status and by workflow state
radar     what falls due when, and what is late
trouble   failures by class and cause, messages that wait
outside   dependencies and daemons
shops     every shop at a glance
"""
