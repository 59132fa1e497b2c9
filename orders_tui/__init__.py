"""What a person sees and types: the console and the command line.

Where to look
    services        everything the console and the command line may ask of the program
    start_settings  what a console starts with, kept while nothing it comes from changed; `settings_path` is where
    looking         when a console looks at the database again
    warming         what a console loads after its first screen
    opening         from settings to open services, spoken by the person at the keyboard
    settings        what can be set, for all three packages; `settings_outside` is what concerns the outside world,
                    `settings_telemetry` who watches the daemon, `settings_backup` backups, `settings_access` the REST interface,
                    `settings_privacy` how long personal data is kept
    settings_file   reading it: file, environment, and what is wrong with them in one sentence
    settings_check  all that is wrong with them; `settings_schema` is what may stand there, for editors
    settings_writer    writing one setting into the file; `settings_origin` tells where each value comes from
    settings_themes    a person's own colours; `own_themes` makes them Textual's
    assembly        from settings and secrets to a daemon's parts
    logs            JSON lines
    redaction       the last line of defence of the logs; `tracebacks` tells exceptions without what strangers' messages say
    loop            running a long job; `supervisor` is told how it is doing
    mistakes        where mistakes of ours are written down
    printing/       pick lists, packing slips, labels drawn as PDF and handed to printers
    calendars       cut-offs, working days and holidays as people write them
    cli/            the command line, one module per noun
    demo/           a whole shop on this machine
    app             the way into the console: terminal, signals, the database, the child daemon
    console         the app itself: its screens, its actions, its refresh
    child_daemon    the daemon a console runs when there is none; `own_daemon` is what is known of it
    actions/        every action once: keys, words, when it is out of reach; `bindings`, `palette`, `reach` read it
    clipboard       the clipboard of the person's terminal, through SSH, tmux and screen
    keyboard        keys, pastes and scans on their way to the screen; `scanner` tells a burst from typing
    terminal        manners over SSH and at the end of a terminal; `driver` drops frames rather than block
    state           what the screens share: options, clock, the session; `messages` is what widgets tell upwards
    remembered      what one person's console remembers on this machine
    formatting      values as the text of a cell
    deeds           what this console did, as command lines
    present         what this person is at, told to the others
    pace            how often something is really read
    drawing         numbers as block elements
    overview/       the figures of the Overview screen
    part            a part of a screen that has several
    activity/       the parts of the Activity screen; `preferences/` those of Settings
    spans           moments as people type them
    rules/          what the Rules screen is put together from
    stock/          what the Inventory screen is put together from
    screens/        triage, orders, failed, overview, activity, help
    tasks/          what is done to chosen orders one by one
    panes/          one order's summary, items, timeline, packages, workflow
    modals/         questions asked on top of a screen
    picking/        the parts of the Pick and pack screen
    table/          the orders table: windows of rows drawn line by line
"""
