"""Bytes to values and back, pure: frames, entries, documents."""
