"""The workflow: what may happen to an order next, decided for a whole batch in one transaction.

Where to look
    default.toml     the workflow that ships with the program, as data
    definition       a workflow as data; `definition_reading` reads it, `definition_checks` says what is wrong with it
    definition_file  workflow files, read and checked as a whole
    library          every version of every workflow that the database knows, and loading a new one
    rate_rules       how a rule for rates is written
    machine          the compiled `transitions` machine and its tokens; `needs` says what its states want read
    machines         the machine of each edition, compiled once in this process
    facts            what a decision may look at; `reading` reads it for a batch, under lock
    conditions       pure questions about one order's facts
    actions          what a transition does: commands added to the plan
    results          what an action may answer; `running` runs one, `undoing` takes its transition back when it says no
    plan             the commands of a batch
    following        orders that are only shown go where TikTok says they are
    stock_service    what a decision tells an inventory service, where a shop has one
    parcels          what each parcel of an order does for itself while others wait
    writing          the plan written set-wise; `writing_stock` its part of the stock ledger, `writing_parcels` that of packages,
                     `writing_combined` what a cancellation does to a shared one
    advance          read, decide, write: the one way an order moves
    waiting          what an order that cannot move now waits for
    runner           claims due work and advances it, halving a batch that breaks
    requests         what a person may ask for; `explain` says why not
    starting         a workflow started for an order, anew if need be
    executions       paused, resumed, ended: `built_in` is what the machine does then; `skipping` passes a step over, `vouching` says what
                     nobody's word stands in for
    failures         the failed queue, written, and retry; `mends` (mends.toml) says what to do about each cause
    afterwards       what fails outside for an order that is closed already
    failure_groups   the failed queue as people see it, with what was tried (`tries`)
    failure_work     assigning, taking up and snoozing failures
    estimate         when an order will be done
    mending          what a mend sets going again
    rules/           when this happens, if that holds, do these
"""
