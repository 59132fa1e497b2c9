"""Personal data and secrets: nothing personal reaches a disk or a log in the clear.

Where to look
    secrets      where passwords and the master key come from
    os_keyring   the keyring of the operating system, where there is one
    cipher       the vault: AES-256-GCM under per-creator data keys, and the blind index
    key_ring     the keys a process has, and how it keeps up with new ones; `key_loader` reads them where nothing can wait
    rotation     a new data key for a creator, a new master key for the database, and how all keys stand
    resealing    what lies under retired keys is sealed anew, and those keys deleted; `sealed_places` says where sealed values lie
    policy       how long personal data is kept, for everything, a creator, a shop; `terms` is what holds otherwise
    forgetting   the person of an order is forgotten; `personal_rows` says where else one lies
    retention    old orders forget their people day by day
    creators     a whole creator is forgotten, keys and all
    customers    what is held about one person, exported and erased
    wrapping     the master key, and what is wrapped by it
"""
