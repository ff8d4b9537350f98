"""The alerts: the line on every page, the board, the history."""
