"""Personal data and secrets: nothing personal reaches a disk or a log in the clear.

Where to look
    secrets      where passwords and the master key come from
    os_keyring   the keyring of the operating system, where there is one
    cipher       the vault: AES-256-GCM under per-creator data keys, and the blind index
"""
