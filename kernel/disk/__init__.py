"""Files: the only package of posterm's kernel that opens them."""
