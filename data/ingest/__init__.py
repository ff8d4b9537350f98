"""Log files in, lake and situation out: `ingest_paths` for named files, `watch_inbox` for the worker."""

from data.ingest.named import ingest_paths
from data.ingest.retry import retry_quarantine
from data.ingest.take import IngestSummary
from data.ingest.worker import watch_inbox

__all__ = ["IngestSummary", "ingest_paths", "retry_quarantine", "watch_inbox"]
