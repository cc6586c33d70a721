"""Pure values and rules of the shop's trade: no disk, no clock, no screen."""
