"""The command line: every action of the console that makes sense without a screen, one module per noun.

Where to look
    app        the root: which commands there are, loaded only when called; `run` gives the exit code
    exits      what an error is to a script: one sentence and an exit code, in one place
    order_text orders as lines of text and as JSON
    order_targets  which orders a command means, and what became of each
    output     stdout is data, stderr is narration
    orders     list, show, set-status, retry; with `order_holds` (hold, release, holds) and `order_marks` (tag, assign, note …)
               `order_bulk` changes and undoes many, `order_filter` is which, `bulk_text` how it is told
               `order_export` writes the orders of a filter to a file
               `order_parcels` splits, combines, hands over, cancels, voids labels; `order_returns` is what comes back
               `order_shipping` asks carriers: rates, addresses, labels and what TikTok prints
               `order_answers` says yes or no to buyers: requests to cancel, returns
               `order_resuming` sends failed orders on: resume with corrected data, skip; `pairs` reads NAME=VALUE
    views      list, show, save, move, delete: filters kept under a name
    pick       wave, list, show, give, close, scan, confirm, undo, take, short, pack, unpack, put-back; `pick_text` is how it is told
    shop       list, status, work, observe, set, disconnect; `shop_connect` connects, `shop_offline` adds one without API access
               `shop_webhooks` says where TikTok sends what happens, `shop_text` is how they are told
    sync       orders pulled from TikTok now
    import_    the seller centre's order export, taken in or tried
    export     tracking numbers for upload, and that they were uploaded
    workflow   check, show, list, load, trigger, pause, resume, cancel; `workflow_text` draws
    carrier    manifest
    batch      list, show, stop, continue
    stock      list, receive, adjust, transfer, hold, release, alarms, check, availability; `stock_count` counts the shelves
               `stock_lists` has a product's movements, takes one back, acknowledges alarms, writes the list to a file
    failures   list, show, assign, acknowledge, snooze, wake, retry-group
    timeline   the command `orders timeline`
    report     latency; `report_overview` is the numbers of the Overview, `report_business` how the business goes
    audit      list, verify; `audit_list` is the first of them
    goods_import  sheets of stock and of products: `stock import`, `product import`
    product    list, show, set, set-weight, map, unmap
    print_     pick lists, packing slips, labels; what was printed; `station` is where
    location   list, set, calendar
    rules      list, show, save, write, enable, disable, move, delete; `rules_tried` has test, dry-run, runs, history
    notices    sent, people, preferences, quiet-hours, refusals; `notice_targets` are where they go, `notice_words` what they say
    secret_input  a secret from standard input or a file
    token      issue, list, revoke
    user       add, role, password, disable, list
    db         path, upgrade, check, recount, share, unshare
    backup     taken, list, verify; `restore` brings one back
    keys       the console's keys and their commands, also as the key document; `data_keys` has rotate, status
    privacy    policy, preview, export, erase, forget-creator
    config     show, path, set, unset, check, schema
    daemon     the loop without a screen
    demo       a whole shop on this machine
    status     how each dependency is doing, as the daemons see it
    alerts     list, rules
    doctor     every dependency in one line; `doctor_house` looks at the server, daemons, alerts, backups,
               `doctor_machine` at disks and certificates, `doctor_notices` at notices,
               `doctor_printing` at paper; `findings` is what is found

A noun's module gives `app = cyclopts.App(name=…)`; its line in `app.COMMANDS` makes it known. Nothing here draws.
"""
