"""What the Rules screen is put together from.

lines     a rule as a line, and all there is to say of it
writing   the form in which a rule is written, checked as it is typed
trying    a rule tried on orders of the past, with progress
runs      where the lines of what a rule did come from, and what they show
"""
