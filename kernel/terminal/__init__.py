"""One running terminal: its journal, recovery, start and stop."""
