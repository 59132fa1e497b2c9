"""What a person sees and types: the console and the command line.

Where to look
    services        everything the console and the command line may ask of the program
    opening         from settings to open services, spoken by the person at the keyboard
    settings        what can be set, for all three packages
    settings_file   reading it: file, environment, and what is wrong with them in one sentence
    cli/            the command line, one module per noun
    app             the console: screens put together, its loop, its signals
    actions         every action once: keys, words, when it is out of reach
    screens/        triage, orders, failed, help
    panes/          one order's summary, items, timeline, packages, workflow
    modals/         questions asked on top of a screen
    table/          the orders table: windows of rows drawn line by line
"""
