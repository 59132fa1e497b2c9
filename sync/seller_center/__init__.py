"""The seller centre's files: its order export read in, the tracking template written out, goods read from a sheet.

Where to look
    columns.toml   the names that columns go by; `statuses.toml` the words for a status; `markets.toml` how each market writes
    words          these names and words, and a seller's own added to them
    markets        how a market writes dates and money, and which reading a file's dates allow
    cells          one cell: tabs, damaged ids, amounts
    sheets         rows of a CSV or XLSX file with their numbers; `workbook` keeps hostile XLSX files out
    export_rows    one row of an order export
    export_file    a whole export in two passes: a survey, then its orders one by one
    documents      one order of an export as it is stored in the inbox, and the fact it means
    tracking_file  the template for uploading tracking numbers; `providers.toml` is what it calls the carriers
    goods          sheets of stock and of products (goods.toml)
"""
