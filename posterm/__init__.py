"""The register and the command line.

Holds the shop's rules, the screens and the commands. It must never touch the files of a store
itself: every sale goes through kernel's front door, so that what a screen shows is on disk.
This module stays empty but for the version, because `posterm --version` answers before anything
heavy is imported.
"""

__version__ = "0.1.0"
