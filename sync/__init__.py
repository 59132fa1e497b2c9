"""The outside world: TikTok Shop, carriers, notices, and the daemon that keeps them in step with the engine.

Where to look
    daemon        one process: schedule, runner, deliveries; start, drain, stop
    schedule      which tick, how often
    intake        inbox → engine
    delivery      effects → handlers → engine
    desk          what a handler may ask of the engine, and how it answers
    http_client   the outbound HTTP client: timeouts, pooling, redaction
    resilience    retries of reads, breaker and rate limit around each dependency
    tiktok/       signing, client, tokens, payloads, mapping, polling, deliveries
    shipping/     the carrier port, EasyPost, rate choice, tracking, deliveries
    notices/      templates, the folder and SMTP, deliveries
    simulator/    TikTok Shop and EasyPost over real HTTP, from a seed
"""
