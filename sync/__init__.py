"""The outside world: TikTok Shop, carriers, notices, and the daemon that keeps them in step with the engine.

Where to look
    daemon        one process: schedule, runner, deliveries; start, drain, stop
    daemon_settings how one daemon works
    rounds/       the errands it runs by the clock
    schedule      how a tick is fired
    intake        inbox → engine
    hints         inbox → TikTok → engine: webhooks say what to read again
    delivery      effects → handlers → engine
    settling      how a handler works through its batch, and what an error means for a claim
    gathering     group commit of what many tasks write at the same moment
    waking        the bell that wakes idle workers
    outside       one client and one guard for each dependency
    desk          what a handler may ask of the engine, and how it answers
    http/         the listener: webhooks in, and what else is served
    http_client   the outbound HTTP client: timeouts, pooling, redaction
    rates         calls a second, counted in Redis for the fleet or in memory for one daemon
    health        how one dependency is doing, counted as its calls are made
    watching      a handler whose outcomes are counted
    reports       what this process says of its dependencies
    resilience    retries of reads, breaker and rate limit around each dependency
    tiktok/       signing, client, tokens, payloads, mapping, polling, deliveries
    inventory/    what shops list and are told of stock, an inventory service
    shipping/     the carrier port, EasyPost, rate choice, tracking, deliveries
    seller_center/ files: the order export, the tracking template, goods
    notices/      templates, the folder and SMTP, deliveries
    monitoring/   what this process counts, and how a scrape reads it
    simulator/    TikTok Shop and EasyPost over real HTTP, from a seed
"""
