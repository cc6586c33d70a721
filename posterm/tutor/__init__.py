"""The guided lesson for a new cashier: what to type next, and whether it was done.

Whether a step was done is read in the till's log, never on its screen: so the lesson cannot be
fooled, and it teaches what counts. Nothing here may change a sale.
"""
