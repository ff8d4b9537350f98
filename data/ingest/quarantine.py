"""Lines that were set aside: which are open, and why; and taking those that can be right by now.

Nothing in here shows a line's cells: what is listed is where the line stands, why, and the shape of the cell to blame.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from data.errors import LakeError
from data.ingest.checks import read_reasons
from data.ingest.sealing import Sealer
from data.lake import Lake, open_lake
from data.lake_errors import write_permission_error
from data.settings import Settings

RETRY_ROWS = 100_000
"""Lines checked again in one transaction: some 100 MB at work."""
ANSWER_WAIT_S = 60.0
"""How long a retry that the running worker was asked for is waited for."""
_log = logging.getLogger("wangge.ingest")


@dataclass(frozen=True)
class Selection:
    """Which open lines are meant; a field that is None leaves the choice open."""

    file: str | None = None
    """A file's name."""
    reasons: tuple[str, ...] | None = None
    due_before: datetime | None = None
    """Only lines from the future whose moment has come by then."""

    def as_filter(self) -> tuple[str, list[object]]:
        """SQL over `open_quarantine`, and its parameters."""
        terms: list[str] = []
        values: list[object] = []
        if self.file is not None:
            terms.append("file_name = ?")
            values.append(self.file)
        if self.reasons is not None:
            terms.append("reason in (select unnest(?))")
            values.append(list(self.reasons))
        if self.due_before is not None:
            terms.append("due_at <= ?")
            values.append(self.due_before)
        return " and ".join(terms) or "true", values


@dataclass(frozen=True)
class OpenLine:
    """A line in quarantine that can be checked again."""

    ingest_no: int
    line_no: int
    feed_code: str
    log_kind: str
    file_name: str
    file_sha256: str
    reason: str
    column_name: str | None
    sealed_file: str
    sealed_no: int


@dataclass(frozen=True)
class RetrySummary:
    """What became of lines that were checked again."""

    tried: int = 0
    taken: int = 0
    shut: int = 0
    """Lines whose sealed file cannot be opened any more."""

    def __add__(self, other: RetrySummary) -> RetrySummary:
        return RetrySummary(self.tried + other.tried, self.taken + other.taken, self.shut + other.shut)


def mended_by_import() -> tuple[str, ...]:
    """The reasons that reference data imported later can take away."""
    return tuple(reason.reason for reason in read_reasons().values() if reason.is_mended_by_import)


def find_lines(lake: Lake, selection: Selection) -> Iterator[list[OpenLine]]:
    """The open lines meant that can be checked again, so many at a time, whole sealed files together."""
    where, values = selection.as_filter()
    rows = lake.connection.execute(
        f"""
        select ingest_no, line_no, feed_code, log_kind, file_name, file_sha256, reason, column_name, sealed_file, sealed_no
        from lake.open_quarantine where sealed_file is not null and {where} order by sealed_file, sealed_no
        """,
        values,
    ).fetchall()
    chunk: list[OpenLine] = []
    for row in rows:
        line = OpenLine(*row)
        if len(chunk) >= RETRY_ROWS and line.sealed_file != chunk[-1].sealed_file:
            yield chunk
            chunk = []
        chunk.append(line)
    if chunk:
        yield chunk


def open_lines(sealer: Sealer, lines: Sequence[OpenLine]) -> tuple[list[OpenLine], dict[str, pa.Table]]:
    """The lines that can be opened, and by kind of log their cells, in the same order, with `place` among the lines."""
    opened: list[OpenLine] = []
    cells: dict[str, list[pa.Table]] = {}
    start = 0
    while start < len(lines):
        name = lines[start].sealed_file
        end = start
        while end < len(lines) and lines[end].sealed_file == name:
            end += 1
        group = lines[start:end]
        table = sealer.open(name)
        start = end
        if table is None:
            _log.warning("quarantine: %s cannot be opened; %d lines stay set aside", name, len(group))
            continue
        places = pa.array(range(len(opened), len(opened) + len(group)), pa.int32())
        rows = table.take([line.sealed_no for line in group]).append_column("place", places)
        cells.setdefault(group[0].log_kind, []).append(rows)
        opened += group
    return opened, {kind: pa.concat_tables(tables, promote_options="default") for kind, tables in cells.items()}


def summarise_quarantine(settings: Settings, selection: Selection) -> pa.Table:
    """Open lines by feed, file and reason: how many, the first and the last of them, how many can be checked again."""
    where, values = selection.as_filter()
    reasons = read_reasons()
    with open_lake(settings, is_read_only=True) as lake:
        lake.connection.execute(
            "create temp table reason as select unnest(?) as reason, unnest(?) as meaning",
            [[*reasons], [reason.meaning for reason in reasons.values()]],
        )
        return lake.connection.execute(
            f"""
            select feed_code, file_name, log_kind, q.reason, count(*) as line_count, min(line_no) as first_line_no,
                max(line_no) as last_line_no, count(sealed_file) as retriable_count, any_value(r.meaning) as meaning
            from (from lake.open_quarantine where {where}) as q left join reason as r on r.reason = q.reason
            group by feed_code, file_name, log_kind, q.reason order by all
            """,
            values,
        ).to_arrow_table()


def list_quarantine(settings: Settings, selection: Selection) -> pa.Table:
    """Every open line: where it stands, why, and the shape of the cell to blame."""
    where, values = selection.as_filter()
    with open_lake(settings, is_read_only=True) as lake:
        return lake.connection.execute(
            f"""
            select feed_code, file_name, line_no, reason, column_name, masked_value, received_at
            from lake.open_quarantine where {where} order by feed_code, file_name, line_no
            """,
            values,
        ).to_arrow_table()


def count_unknown_households(settings: Settings) -> int:
    """Lines taken without the household they name, because nobody imported it."""
    with open_lake(settings, is_read_only=True) as lake:
        row = lake.connection.execute("select sum(unknown_household_count) from lake.ingest_file").fetchone()
    return int(row[0]) if row and row[0] else 0


def ask_worker(settings: Settings, selection: Selection, wait_s: float = ANSWER_WAIT_S) -> RetrySummary | None:
    """Asks the running worker to check lines again, and what became of them; None when it has not answered in time."""
    request, answer = _request_paths(settings)
    try:
        request.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        answer.unlink(missing_ok=True)
        aside = request.with_name(f".{request.name}")
        aside.write_text(json.dumps({"file": selection.file, "reasons": selection.reasons}), encoding="utf-8")
        aside.replace(request)
    except OSError as error:
        raise write_permission_error(request.parent, error) from None
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        time.sleep(0.2)
        try:
            told = json.loads(answer.read_text(encoding="utf-8"))
            answer.unlink(missing_ok=True)
            return RetrySummary(**told)
        except (OSError, ValueError, TypeError):
            continue
    return None


def read_request(settings: Settings) -> Selection | None:
    """What the running worker was asked to check again; None when nothing."""
    request, _ = _request_paths(settings)
    try:
        asked = json.loads(request.read_text(encoding="utf-8"))
        reasons = asked["reasons"]
        return Selection(asked["file"], tuple(reasons) if reasons is not None else None)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def answer_request(settings: Settings, summary: RetrySummary) -> None:
    """Tells whoever asked what became of the lines; the request is done."""
    request, answer = _request_paths(settings)
    aside = answer.with_name(f".{answer.name}")
    try:
        request.unlink(missing_ok=True)
        aside.write_text(json.dumps(asdict(summary)), encoding="utf-8")
        aside.replace(answer)
    except OSError as error:
        raise LakeError(
            f"{answer} cannot be written: {error.strerror}.", "Free some space or give permission."
        ) from None


def _request_paths(settings: Settings) -> tuple[Path, Path]:
    return settings.quarantine_dir / "retry.request", settings.quarantine_dir / "retry.answer"
