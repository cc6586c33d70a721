"""Protocols between the processes of one shop, made of files."""
