"""The daemon's own HTTP listener: what the outside world calls, answered at once and worked later.

Where to look
    settings           where it listens and how much it takes from one source
    listener           the server inside the daemon's loop
    app                what can be called, as one application that other surfaces are mounted in
    surface            what surrounds all of it: a name for each request, careful headers, the last catch
    problem            a refusal as it is said
    api/               the REST interface
    reception          who calls, how much and how often: the body of a request, or the answer that refuses it
    letterbox          webhooks into the inbox, many in one transaction
    watching           metrics, health, livez and readyz, for whoever watches the daemon
    counting           every request counted by the pattern of its route
    tiktok_webhooks    POST /webhooks/tiktok
    easypost_webhooks  POST /webhooks/easypost
"""
