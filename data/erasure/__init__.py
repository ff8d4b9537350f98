"""Erasure: destroys registrations and what was derived from single persons, keeps the totals, and certifies it.

Personal data whose purpose is fulfilled must be deleted: Personal Information Protection Law (个人信息保护法) art. 47; Data
Security Law (数据安全法). The example followed: Wuxi destroyed a billion such records on 2 March 2023, an auditor and a
notary watching; what they would ask for is in the certificate (`data.certificate`).

Destroyed: registration lines of the lake with the snapshots and Parquet files in which they stand; quarantined lines; the
raw files that brought them. Kept: roll-ups, the ledger's counts, reference data, staff events (they hold staff numbers
and no resident). What is begun is written down first (`unfinished.json`): killed at any moment, the same command ends it.
Owns the order of destruction. Knows no format of logs and no page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.certificate import issue_certificate, read_public_key
from data.clock import read_clock
from data.erasure.account import write_body
from data.erasure.files import (
    count_later_refused,
    count_waiting,
    destroy_key,
    destroy_raw,
    destroy_sealed,
    find_raw,
    list_keys,
    publish,
    purge,
)
from data.erasure.journal import begin, is_same, journal_path, read_journal
from data.erasure.rows import check_gone, delete_rows, measure, sum_kept
from data.erasure.scope import ErasureError, Scope, find_scope, list_open_rounds, suggest_command
from data.errors import WanggeError
from data.home import only_one
from data.lake import open_lake
from data.settings import Settings

__all__ = [
    "ErasureError",
    "Preview",
    "Scope",
    "erase",
    "find_scope",
    "find_unfinished",
    "preview_erasure",
    "suggest_command",
]


@dataclass(frozen=True)
class Preview:
    """What an erasure would destroy, and what a person should know before confirming it."""

    scope: Scope
    counts: dict[str, int]
    notes: tuple[str, ...]


def preview_erasure(settings: Settings, scope: Scope) -> Preview:
    """Counts what would be destroyed; touches nothing."""
    with open_lake(settings, is_read_only=True) as lake:
        counts, work = measure(settings, lake.connection, scope)
        open_rounds = list_open_rounds(lake.connection, read_clock(settings.home).now())
    for item in find_raw(settings, work):
        counts[f"{item['kind']}_file_count"] = counts.get(f"{item['kind']}_file_count", 0) + 1
    counts["key_count"] = sum(path.exists() for path in list_keys(settings, scope))
    mixed = sum(work.hashes.values())
    notes = []
    if mixed:
        notes.append(f"{mixed:,} raw files also hold rows that are kept: the files go, these rows stay in the lake.")
    if counts["quarantined_count"]:
        notes.append(
            "Quarantined lines of the scope go too: they cannot be checked again. To take what is right by now: wangge quarantine --retry."
        )
    if waiting := count_waiting(settings):
        notes.append(
            f"{waiting:,} files wait in the inbox and are not touched; their lines of this scope are set aside."
        )
    if unknown := count_later_refused(settings, scope):
        notes.append(f"{unknown:,} refused files came later and stay: look through {settings.refused_dir} yourself.")
    if scope.destroys_key:
        notes.append("The key of the tokens goes too: people seen before and after count as different people.")
        if open_rounds:
            notes.append(
                f"Still open: {', '.join(open_rounds)}. What comes later about those registered so far is set aside."
            )
    return Preview(scope, counts, tuple(notes))


def find_unfinished(settings: Settings) -> Scope | None:
    """The scope of an erasure that was begun and not ended; None when there is none."""
    work = read_journal(settings)
    return work.scope if work else None


def erase(settings: Settings, scope: Scope, tell: Callable[[str], None] = lambda step: None) -> Path:
    """Destroys what the scope holds; gives the path of the certificate. Ends an erasure of the same scope that broke off.

    Raises ErasureError where another one is unfinished or something could not be destroyed; LakeError where the lake
    cannot be written. Ingest may go on meanwhile: it waits while files of the lake are written anew.
    """
    with only_one(settings.lake_dir / "erase.lock", _tell_second):
        work = read_journal(settings)
        if work and not is_same(work.scope, scope):
            begun = work.scope.describe(settings.timezone)
            raise ErasureError(
                f"An erasure was begun and is not finished: {begun}.",
                f"Finish it first: {suggest_command(work.scope, settings.timezone)}",
            )
        read_public_key(settings)  # a key that cannot be read is told before anything is destroyed
        work = work or begin(settings, scope)
        scope = work.scope
        tell("keys")
        for path in list_keys(settings, scope):
            destroy_key(settings, work, path)
        with open_lake(settings) as lake:
            tell("rows")
            row = delete_rows(settings, lake, work)
            tell("files of the lake")
            snapshot_count = purge(settings, lake, work)
            tell("raw files")
            destroy_raw(settings, work)
            destroy_sealed(settings, work)
            tell("situation")
            publish(settings, lake)
            check_gone(lake.connection, scope)
            kept = sum_kept(lake.connection, scope)
        tell("certificate")
        body = write_body(settings, work, row, snapshot_count, kept)
        path = issue_certificate(settings, work.name, body)
        journal_path(settings).unlink(missing_ok=True)
    return path


def _tell_second(process: str) -> WanggeError:
    return ErasureError(f"Another erasure is under way (process {process}).", "Wait until it has ended.")
