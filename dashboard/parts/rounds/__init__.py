"""The rounds' page and the workers' lists, on the screen and on paper."""
