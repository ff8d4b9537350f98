"""Checks lines in quarantine again when someone asks for it, whether or not a worker is running."""

from __future__ import annotations

from data.errors import LakeError
from data.home import only_one
from data.ingest.quarantine import RetrySummary, Selection, ask_worker
from data.ingest.take import Taker
from data.lake import open_lake
from data.settings import Settings


class _WorkerRuns(LakeError):
    """Another process is the worker of this machine."""


def retry_quarantine(settings: Settings, selection: Selection) -> RetrySummary | None:
    """Checks lines in quarantine again and takes those that are right by now; tells what became of them.

    Where a worker is running, it is asked to; None when it has not answered within a minute.
    """
    try:
        with only_one(settings.lake_dir / "worker.lock", lambda _: _WorkerRuns("")), open_lake(settings) as lake:
            taker = Taker(lake, settings)
            try:
                taker.load()
                summary = taker.retry(selection)
                taker.publish()
                return summary
            finally:
                taker.close()
    except _WorkerRuns:
        return ask_worker(settings, selection)
