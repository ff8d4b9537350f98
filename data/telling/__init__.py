"""Telling alerts outside: one process that sends what opens, escalates and closes to webhooks, if any are configured.

`watch` is that process. `wangge run` keeps it alive, apart from ingest and pages: neither waits for it. What happened is
written into the alert log first, once for each event, and sent from there until the target took it: a restart, a target that
is away or a kill loses nothing.
"""

from data.telling.targets import Target, read_targets
from data.telling.teller import Teller, only_teller, watch

__all__ = ["Target", "Teller", "only_teller", "read_targets", "watch"]
