"""How both apps look on a given line: palettes, glyphs, shared widgets. It has no code yet.

It must never import an app, because both apps are built on it.
"""
