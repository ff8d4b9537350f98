"""The sites' page: the list, and one site."""
