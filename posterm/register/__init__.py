"""The register below its screen: what a key makes of a sale, and what is to be shown then.

Everything here runs on the till's one thread, in the order of the keys, and can be tested without
a screen. It must never import Textual.
"""
