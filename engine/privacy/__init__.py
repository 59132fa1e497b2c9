"""Personal data and secrets: nothing personal reaches a disk or a log in the clear.

secrets   where passwords and the master key come from
cipher    the vault: AES-256-GCM under per-creator data keys, and the blind index
"""
