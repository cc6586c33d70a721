"""What the register's screen is made of. A widget shows a value and posts messages; it never calls
the kernel."""
