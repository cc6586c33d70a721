"""`posterm bench`: the kernel against the bare disk and against SQLite, in the same minutes.

Whoever is measured here writes the same bytes to the same file system and waits for them to be
durable. This package opens files itself, beside the kernel: a yardstick must not be made of
what it measures. It must never touch a shop's own files; everything stands in a scratch
directory that is removed.
"""
