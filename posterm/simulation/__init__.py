"""A shop at work: real terminal processes that sell invented customers real baskets.

It enters the kernel by the front door and nowhere else, so that what a simulated cashier can't
do, no app can. What it claims to have sold it adds up by itself; the logs must agree.
"""
