"""The zones' page: the list, one zone, and the form of an order."""
