"""What the console's screens are made of. A widget shows a value; it never calls the kernel."""
