"""What the Inventory screen is put together from.

sources    where the lines of its lists come from: stock, a product's movements, a count
columns    what the lines show
card       what is behind one product's stock, as text
forms      receive, adjust, transfer, hold, release, take back
products   the product's own data: weight, bin, barcodes, other SKUs; what shops are told; alarms, the list as a file
"""
