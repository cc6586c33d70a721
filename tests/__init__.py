"""The tests: a mirror of the source, one file a module."""
