"""Log files in, lake and situation out: `ingest_paths` for named files, `watch_inbox` for the worker."""

from data.ingest.inbox import ingest_paths, watch_inbox
from data.ingest.take import IngestSummary

__all__ = ["IngestSummary", "ingest_paths", "watch_inbox"]
