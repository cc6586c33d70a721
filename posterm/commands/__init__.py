"""The command line: one small file a command, loaded when it is called and not before.

A command asks the kernel's front door and prints; it must never hold a rule of the shop.
"""
