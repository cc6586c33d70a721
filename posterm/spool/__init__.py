"""Receipts on their way to paper: what they say in this shop, and when they are handed over.

The kernel keeps the promise (`kernel.terminal.printing`: nothing owed is lost in silence), this
package has the shop's side of it. It must never open a file.
"""
