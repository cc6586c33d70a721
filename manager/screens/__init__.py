"""The console's screens, one a module: each shows the board and takes the keys of its own."""
