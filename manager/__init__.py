"""The manager's console: every till of a shop on one screen. It has no code yet.

It will read what kernel publishes and steer tills by messages. It must never import posterm, nor
write into a till's own directory: a register has to work the same when no console runs.
"""
