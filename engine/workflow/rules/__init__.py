"""Rules: "when this happens, if that holds, do these", written by staff, asked inside the decision about each order.

Where to look
    events       what can happen to an order that rules are asked about
    names        what a condition may know about an order, typed and nothing personal
    functions    what a condition may call
    checking     the type checker of conditions; it answers what is evaluated
    expression   conditions evaluated within a budget, the one place that knows simpleeval
    trace        why a condition holds or not, term by term
    actions      what a rule may do, typed and checked
    model        a rule, a draft of one, a creator's set of them
    file         rules files in TOML
    stored       rules as rows, and the marks by which a batch knows them
    changes      what rules change of one order, action by action
    asking       rules put to one order at one event, in order; a rule that breaks is left out
    ruling       rules within a decision, asked at each step; the one hook is `react`
    occasions    what happened outside a decision, left for the next one
    reading      the rules that concern a batch, and what they may know of its orders
    store        rules kept: saved, switched, moved, dropped
    runs         the trace rules leave on an order, and what each rule did; `forgetting` lets old ones go
    spoken       actions in one line, as they are typed in a form
    history      what happened to stored orders and how they stood each time
    dry_run      rules tried on orders of the past
    reference    the tables of docs/rules.md
    writing      what rules want, written with the decision; rules that broke, marked
"""
