"""The commands of `wangge`, a module for each part of the work. Each has `add_commands`, which the parser calls.

Each command imports what it needs when it runs: the worker lives for days and should not carry the scenario's and the
map's libraries, and a question should not wait for them.
"""
