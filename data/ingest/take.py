"""Takes log files into the lake, many in one transaction: the one writer.

Rows, roll-ups, quarantine and the files' hashes are committed together or not at all. What must be known to tell new
from old is held in memory beside the lake and changed only after a commit; when anything goes wrong it is read anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa

from data.clock import read_clock
from data.errors import IngestError, LakeError
from data.ingest.at_sight import Sighted, is_due, lay_out, sight
from data.ingest.batch import Pieces, ReadBatch, begin_batches, keep_pieces, let_go, read_again, read_rest
from data.ingest.checks import LOG_KINDS, check_sql, mark_outside_rounds, rejected_sql
from data.ingest.columns import LogKind, Mapping, read_log_kinds
from data.ingest.erased import load_erased, mark_erased
from data.ingest.events import EVENT_KINDS, classify_events, insert_events, remember_events
from data.ingest.identities import Identities, identify, remember_tokens
from data.ingest.ledger import Ledger, Progress
from data.ingest.mappings import Mappings
from data.ingest.moments import moment_macros
from data.ingest.pseudonym import open_key
from data.ingest.quarantine import (
    OpenLine,
    RetrySummary,
    Selection,
    answer_request,
    find_lines,
    mended_by_import,
    open_lines,
    read_request,
)
from data.ingest.reading import BrokenLine, LogFile, LogTable
from data.ingest.reference import has_reference, load_reference, note_zones
from data.ingest.registrations import VersionMirror, add_content
from data.ingest.sealing import Sealer
from data.lake import BUCKET, Lake, LeaseLost
from data.orders import OrdersBusy, has_requests, take_requests
from data.publication import Publisher
from data.settings import Settings

BATCH_TABLES = """
create or replace temp table batch_file (
    file_no integer, file_sha256 varchar, file_name varchar, feed_code varchar, log_kind varchar, byte_count bigint,
    repeated_row_count bigint, part_no integer, last_line_no bigint, is_last boolean, ingest_no bigint);
create or replace temp table rejected (
    file_no integer, line_no bigint, reason varchar, column_name varchar, masked_value varchar, due_at timestamptz);
create or replace temp table sealed (file_no integer, line_no bigint, sealed_file varchar, sealed_no integer);
create or replace temp table line_count (
    file_no integer, accepted_count bigint, corrected_count bigint, duplicate_count bigint,
    first_event_at timestamptz, last_event_at timestamptz, unknown_household_count bigint);
create or replace temp table feed_bucket_change (feed_code varchar, bucket_start_at timestamptz, row_count bigint);
"""
SUM_FILES = """
create or replace temp table taken as
select b.file_sha256, b.file_name, b.ingest_no, b.feed_code, b.log_kind, b.byte_count,
    coalesce(l.accepted_count, 0) + coalesce(l.corrected_count, 0) + coalesce(l.duplicate_count, 0) + coalesce(r.rejected_count, 0)
        + b.repeated_row_count as row_count,
    coalesce(l.accepted_count, 0) as accepted_count,
    coalesce(l.duplicate_count, 0) + b.repeated_row_count as duplicate_count,
    coalesce(l.corrected_count, 0) as corrected_count,
    coalesce(r.rejected_count, 0) as quarantined_count,
    l.first_event_at, l.last_event_at, $received_at::timestamptz as received_at, b.part_no, b.last_line_no, b.is_last,
    l.unknown_household_count, b.file_no
from batch_file as b
left join line_count as l on l.file_no = b.file_no
left join (select file_no, count(*) as rejected_count from rejected group by file_no) as r on r.file_no = b.file_no
"""
INSERT_LEDGER = """
insert into lake.ingest_file by name select * exclude (file_no) from taken order by ingest_no;
insert into lake.quarantine by name
select b.ingest_no, b.feed_code, b.log_kind, r.line_no, r.reason, r.column_name, r.masked_value, t.received_at, r.due_at,
    s.sealed_file, s.sealed_no
from rejected as r
inner join batch_file as b on b.file_no = r.file_no
inner join taken as t on t.file_no = r.file_no
left join sealed as s on s.file_no = r.file_no and s.line_no = r.line_no
order by b.ingest_no, r.line_no;
insert into lake.feed_bucket_delta select feed_code, bucket_start_at, sum(row_count) from feed_bucket_change group by all;
"""
INSERT_ROLL_UPS = """
insert into lake.site_bucket_delta select * from site_bucket_change;
insert into lake.round_unit_delta select * from round_unit_change;
insert into lake.grid_bucket_delta select * from grid_bucket_change;
"""
REMEMBER_LEDGER = """
insert into mirror.ingest_file
select feed_code, count(*) filter (part_no = 0), sum(row_count), sum(accepted_count), sum(duplicate_count), sum(corrected_count),
    sum(quarantined_count), max(last_event_at), max(received_at)
from taken group by feed_code;
insert into mirror.quarantine
select b.feed_code, b.log_kind, r.reason, count(*) from rejected as r
inner join batch_file as b on b.file_no = r.file_no group by all;
insert into mirror.feed_bucket select feed_code, bucket_start_at, sum(row_count) from feed_bucket_change group by all;
"""
REMEMBER_ROLL_UPS = """
insert into mirror.site_bucket select * from site_bucket_change;
insert into mirror.round_unit select * from round_unit_change;
insert into mirror.grid_bucket select * from grid_bucket_change;
"""
EARLIEST_ROLL_UP = """
select least(
    (select min(bucket_start_at) from site_bucket_change), (select min(bucket_start_at) from grid_bucket_change),
    (select min(r.closes_at) from round_unit_change as c inner join mirror.ref_round as r on r.round_code = c.round_code))
"""
# Lines checked again: those that fail as before stay as they are, the others are released from quarantine. The ledger's
# row of a retry counts no row anew: what is accepted is no longer quarantined.
FIND_RELEASED = """
create or replace temp table released as
select t.*, r.reason is null as is_taken
from retried as t
left join rejected as r on r.file_no = t.file_no and r.line_no = t.line_no
where r.reason is distinct from t.reason or r.column_name is distinct from t.column_name;
delete from rejected where (file_no, line_no) not in (select (file_no, line_no) from released);
delete from batch_file where file_no not in (select file_no from released);
delete from sealed where (file_no, line_no) in (select (file_no, line_no) from rejected where reason = 'erased')
"""
SUM_RETRY = """
update taken set row_count = 0,
    quarantined_count = quarantined_count - (select count(*) from released as r where r.file_no = taken.file_no)
"""
INSERT_RELEASES = """
insert into lake.quarantine_release by name
select r.ingest_no, r.line_no, r.feed_code, r.log_kind, r.reason, r.is_taken, t.ingest_no as release_no, t.received_at as released_at
from released as r inner join taken as t on t.file_no = r.file_no
"""
FIND_UNSEALED = """
select r.sealed_file, list(r.sealed_no)
from released as r left join sealed as s on s.file_no = r.file_no and s.line_no = r.line_no
where r.is_taken or s.file_no is null
group by r.sealed_file
"""
REMEMBER_RELEASES = """
insert into mirror.quarantine select feed_code, log_kind, reason, -count(*) from released group by all
"""
NOTE_SEALED = """
insert into sealed select file_no, line_no, ?, (row_number() over () - 1)::integer from sealed_cell
"""
RETRY_PART_NO = -1
"""The part number of a retry's row in the ledger: no part of the file, and not the file again."""
DROPPED_TABLES = (
    "batch_file", "rejected", "sealed", "retried", "released",
    "line_count", "taken", "feed_bucket_change", "site_bucket_change", "round_unit_change",
    "grid_bucket_change",
    *(f"checked_{kind}" for kind in LOG_KINDS),
    *(f"fresh_{kind}" for kind in EVENT_KINDS),
)  # fmt: skip


@dataclass(frozen=True)
class IngestSummary:
    """Lines by what became of them, and files. Sums of several batches are made with `+`."""

    accepted: int = 0
    duplicate: int = 0
    corrected: int = 0
    quarantined: int = 0
    files: int = 0
    refused: tuple[tuple[str, str], ...] = field(default=())
    """Files refused whole: path, and why."""
    unknown_households: int = 0
    """Lines kept without the household that they name: nobody imported it."""

    def __add__(self, other: IngestSummary) -> IngestSummary:
        return IngestSummary(
            self.accepted + other.accepted, self.duplicate + other.duplicate, self.corrected + other.corrected,
            self.quarantined + other.quarantined, self.files + other.files, self.refused + other.refused,
            self.unknown_households + other.unknown_households,
        )  # fmt: skip

    @property
    def lines(self) -> int:
        """Lines read, good and bad."""
        return self.accepted + self.duplicate + self.corrected + self.quarantined


@dataclass(frozen=True)
class Repeated:
    """A file whose content was taken under another name."""

    file: LogFile
    progress: Progress


class Taker:
    """The writer: one for each lake. Make it, `load` it, then `take` batch after batch and `publish`."""

    def __init__(self, lake: Lake, settings: Settings, mapping: Mapping = ()) -> None:
        self._lake = lake
        self._connection = lake.connection
        self._settings = settings
        self._mappings = Mappings(settings, mapping)
        self._publisher = Publisher(lake, settings)
        self._versions = VersionMirror(lake)
        self._ledger = Ledger(lake)
        self._ingest_no = 0
        self._memory = remember_tokens((b"", b""))
        self._erased_until: datetime | None = None
        self._sealer = Sealer(settings)
        self._due_at: datetime | None = None
        self._is_retry_due = False
        self._is_loaded = False

    def load(self) -> None:
        """Takes the lease and reads from the lake what telling new from old needs."""
        self._is_loaded = False
        self._lake.take_lease("worker")
        # Handing statements over 100,000 lines from thread to thread costs a third more processor time and wins little;
        # the second core reads the next batch and makes its tokens.
        self._connection.execute(f"set threads = 1; set memory_limit = '{self._settings.writer_memory_bytes} bytes'")
        self._connection.execute(moment_macros(self._settings.timezone))
        with self._looking_once():
            load_reference(self._connection)
            self._erased_until = load_erased(self._connection)
            self._publisher.load()
        self._reference = lay_out(self._connection, self._settings, self._erased_until)
        self._versions.load(self._reference.household_grids)
        with self._looking_once():
            self._ingest_no = self._ledger.load()
            key = open_key(self._settings.key_path, is_new_allowed=self._ingest_no <= self._find_keyless_no())
            if key != self._memory.key:
                self._memory = remember_tokens(key)
            self._sealer = Sealer(self._settings)  # its key may have been destroyed, and be another by now
            self._sealer.sweep(self._find_sealed_files())
            self._due_at = self._find_due()
        self._is_retry_due = self._settings.retry_after_import
        self._is_loaded = True

    @contextmanager
    def _looking_once(self) -> Iterator[None]:
        """One transaction for many statements that read the lake: the catalogue is looked into once and not for each."""
        self._connection.execute("begin")
        try:
            yield
            self._connection.execute("commit")
        except BaseException:
            with suppress(duckdb.Error):
                self._connection.execute("rollback")
            raise

    @property
    def has_reference(self) -> bool:
        """Whether lines could be told good from bad at all: some site or worker has been imported."""
        return has_reference(self._connection)

    def list_feeds(self) -> frozenset[str]:
        """The feeds that bring logs; orders come by import."""
        rows = self._connection.execute("select feed_code from mirror.ref_feed").fetchall()
        return frozenset(str(row[0]) for row in rows)

    def refresh(self) -> bool:
        """Loads again if another process wrote meanwhile (an import); True when it did."""
        if self._is_loaded and self._lake.has_lease:
            return False
        self.reload()
        return True

    def reload(self) -> None:
        """Takes the lease back from an import; LakeError when a worker took it."""
        holder = self._lake.read_lease_holder()
        if self._is_loaded and holder.startswith("worker@") and not self._lake.has_lease:
            raise LeaseLost(
                f"{self._settings.lake_dir}: another worker took over ({holder}).", "Only one worker may run."
            )
        self.load()

    def read(self, files: Sequence[LogFile]) -> ReadBatch:
        """Reads the first lines of those files that were not taken yet. Another thread may do it ahead."""
        files = [self._mappings.apply(log) for log in files]
        return self._identify(begin_batches(files, self._ledger, self._settings.batch_bytes))

    def _read_rest(self, batch: ReadBatch) -> ReadBatch | None:
        following = read_rest(batch)
        return self._identify(following) if following else None

    def _identify(self, batch: ReadBatch) -> ReadBatch:
        """The batch with its registrations told apart: work that need not wait for the batch before."""
        table = next((table for table in batch.logs[0] if table.kind.name == "registration"), None)
        if not self._is_loaded or table is None:
            return batch
        identities = identify(self._connection, table.rows, self._memory, self._find_today())
        sighted = self._sight(table.rows, identities, self._find_latest())
        return replace(batch, identities=identities, sighted=sighted)

    def take(
        self, batch: Sequence[LogFile] | ReadBatch, on_commit: Callable[[IngestSummary], None] | None = None
    ) -> IngestSummary:
        """Takes these files to their end and tells what became of their lines. A file already taken counts nothing.

        Files of more than `batch_bytes` together take several transactions. After each but the last, `on_commit` is told
        what became of its lines; if it raises, the rest is not taken now, and a later `take` goes on from there.
        """
        if not self._is_loaded:
            self.load()
        current: ReadBatch | None = batch if isinstance(batch, ReadBatch) else self.read(batch)
        total, copies = IngestSummary(), list(current.copies if current else ())
        with ThreadPoolExecutor(1) as pool:
            while current:
                following = pool.submit(self._read_rest, current) if current.rest else None
                due, overtaken = self._without_taken(current)
                copies += overtaken
                taken = self._take_once(due)
                total += taken
                current = following.result() if following else None
                if on_commit and current:
                    on_commit(taken)
        return total + self._take_copies(copies, on_commit)

    def _take_copies(
        self, copies: Sequence[LogFile], on_commit: Callable[[IngestSummary], None] | None
    ) -> IngestSummary:
        """Records files whose content was taken under another name; takes those whose first bearer was refused."""
        found = self._ledger.find(file.sha256 for file in copies)
        known = [(file, found[file.sha256]) for file in copies if file.sha256 in found and found[file.sha256].is_done]
        repeated = dict.fromkeys(
            (Repeated(file, progress) for file, progress in known if file.name not in progress.names)
        )
        total = self._take_once(ReadBatch((), [], ([], {}, {})), list(repeated)) if repeated else IngestSummary()
        done = {file.sha256 for file, _ in known}
        for file in copies:
            if file.sha256 not in done:
                total += self.take([file], on_commit)
        return total

    def _take_once(self, batch: ReadBatch, repeated: Sequence[Repeated] = ()) -> IngestSummary:
        """One transaction, and tidying up after it."""
        try:
            return self._take(batch, repeated)
        except LeaseLost:
            self._drop_tables()
            self.reload()
            return self._take(read_again(batch, self._ledger), repeated)
        except BaseException:
            self._is_loaded = False  # memory and lake may disagree now: read anew before the next batch
            raise
        finally:
            self._drop_tables()

    def retry_due(self) -> bool:
        """Checks again what may be right by now, without being told to; True when a line was taken.

        Lines of unknown codes after each import, lines from the future once their time has come, and what another
        process asks for. Costs nothing while there is no such line.
        """
        asked = read_request(self._settings)
        summary = RetrySummary()
        if self._is_retry_due:
            summary += self.retry(Selection(reasons=mended_by_import()))
            self._is_retry_due = False
        latest_at = self._find_latest()
        if self._due_at is not None and self._due_at <= latest_at:
            summary += self.retry(Selection(reasons=("in_future",), due_before=latest_at))
            self._due_at = self._find_due(latest_at)
        if asked:
            told = self.retry(asked)
            summary += told
            answer_request(self._settings, told)
        return summary.taken > 0

    def retry(self, selection: Selection) -> RetrySummary:
        """Checks lines in quarantine again and takes those that are right by now, each file's in one transaction with
        its place in the ledger; the others stay as they are, or under the reason that they fail for now.
        """
        if not self._is_loaded:
            self.load()
        summary = RetrySummary()
        for lines in find_lines(self._lake, selection):
            try:
                summary += self._retry(lines)
            except BaseException:
                self._is_loaded = False
                raise
            finally:
                self._drop_tables()
        return summary

    def take_orders(self) -> bool:
        """Records the orders that were given on a page and publishes them; True when there were any."""
        if not has_requests(self._settings):
            return False
        if not self._is_loaded or not self._lake.has_lease:
            self.reload()
        try:
            take_requests(self._lake, self._settings, self._publish_orders)
        except OrdersBusy:
            return False
        except LeaseLost:
            self.reload()  # what was not answered is taken the next time
        return True

    def _publish_orders(self) -> None:
        note_zones(self._connection)
        self._is_retry_due = self._settings.retry_after_import  # a new zone is a post that people may have been sent to
        self._publisher.expect_orders()
        self.publish()

    def check_engine(self) -> None:
        """Raises LakeError when the engine itself is broken: then no file is to blame."""
        try:
            self._connection.execute("select 1").fetchone()
        except duckdb.Error as error:
            raise LakeError(f"The engine failed ({type(error).__name__}).", "It is started anew.") from None

    def prepare_publication(self) -> None:
        """Does the part of the next publication that no log changes."""
        self._publisher.prepare()

    def publish(self) -> int:
        """Replaces the situation file by the newest state; gives its sequence number."""
        return self._publisher.publish()

    def close(self) -> None:
        """Removes what was kept aside for publishing."""
        self._publisher.close()

    def _take(self, batch: ReadBatch, repeated: Sequence[Repeated]) -> IngestSummary:
        received_at = read_clock(self._settings.home).now()
        tables, kinds, refused = batch.logs
        self._connection.execute(BATCH_TABLES)
        rows: list[tuple[object, ...]] = [
            (
                number, piece.log.sha256, piece.name, piece.feed_code, kinds[number].name,
                piece.log.byte_count if piece.part_no == 0 else 0, 0, piece.part_no, piece.last_line_no, piece.is_last,
            )
            for number, piece in batch.pieces if number in kinds
        ]  # fmt: skip
        rows += [
            (-1 - place, copy.file.sha256, copy.file.name, copy.file.feed_code, copy.progress.log_kind, copy.file.byte_count,
             copy.progress.row_count, 0, copy.progress.last_line_no, True)
            for place, copy in enumerate(repeated)
        ]  # fmt: skip
        if rows:
            self._note_files(rows)
            self._check_all(batch, received_at)
            has_registrations = self._classify(tables, received_at)
            self._connection.execute(SUM_FILES, {"received_at": received_at})
            self._commit(tables, has_registrations, received_at)
            self._remember(tables, has_registrations)
        return self._summarise(batch, refused)

    def _without_taken(self, batch: ReadBatch) -> tuple[ReadBatch, list[LogFile]]:
        """The batch without the parts that were taken since it was read, and the files that turned out to be copies.

        Raises LakeError if a part before them was not taken.
        """
        found = self._ledger.find(piece.log.sha256 for _, piece in batch.pieces)
        due = {sha256: progress.next_part_no for sha256, progress in found.items()}
        kept: Pieces = []
        copies: dict[str, LogFile] = {}
        for number, piece in batch.pieces:
            log, part_no = piece.log, piece.part_no
            progress = found.get(log.sha256)
            if progress and log.name not in progress.names:
                copies[log.sha256] = log
            if progress and (progress.is_done or part_no < due[log.sha256]):
                continue
            if part_no > due.get(log.sha256, 0):
                raise LakeError(f"{piece.name}: an earlier part of it is not in the lake.", "It will be taken again.")
            due[log.sha256] = part_no + 1
            named = replace(piece, name=progress.name, feed_code=progress.feed_code) if progress else piece
            kept.append((number, named))
        if len(kept) < len(batch.pieces):
            batch = keep_pieces(batch, kept)
        return replace(batch, pieces=kept), list(copies.values())

    def _find_keyless_no(self) -> int:
        """The last file taken with a key that was destroyed on purpose: up to there a missing key is no loss."""
        row = self._connection.execute("select max(last_ingest_no) from lake.erasure where is_key_destroyed").fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def _note_files(self, rows: Sequence[tuple[object, ...]]) -> None:
        numbered = [(*row, self._ingest_no + place) for place, row in enumerate(rows, start=1)]
        columns = [list(column) for column in zip(*numbered, strict=True)]
        self._connection.execute(
            "insert into batch_file select " + ", ".join(["unnest(?)"] * len(columns)),
            columns,
        )

    def _retry(self, lines: Sequence[OpenLine]) -> RetrySummary:
        """One transaction of `retry`."""
        received_at = read_clock(self._settings.home).now()
        opened, cells = open_lines(self._sealer, lines)
        shut = len(lines) - len(opened)
        if not opened:
            return RetrySummary(shut=shut)
        files = {key: number for number, key in enumerate(dict.fromkeys(_file_of(line) for line in opened))}
        file_no = np.array([files[_file_of(line)] for line in opened], np.int32)
        line_no = np.array([line.line_no for line in opened], np.int64)
        self._connection.execute(BATCH_TABLES)
        self._note_files([(number, *key, 0, 0, RETRY_PART_NO, None, False) for key, number in files.items()])
        self._note_retried(opened, file_no, line_no)
        tables = []
        for kind in read_log_kinds():
            if kind.name in cells:
                table = LogTable(kind, _place_lines(cells[kind.name], kind, file_no, line_no), ())
                self._check(table, received_at, None, is_sealed=True)
                tables.append(table)
        self._connection.execute(FIND_RELEASED)
        row = self._connection.execute("select count(*), count(*) filter (is_taken) from released").fetchone()
        released, taken = (int(row[0]), int(row[1])) if row else (0, 0)
        if released:
            has_registrations = self._classify(tables, received_at)
            self._connection.execute(SUM_FILES, {"received_at": received_at})
            self._connection.execute(SUM_RETRY)
            self._commit(tables, has_registrations, received_at, is_retry=True)
            self._remember(tables, has_registrations)
            self._connection.execute(REMEMBER_RELEASES)
            gone = self._connection.execute(FIND_UNSEALED).fetchall()
            self._sealer.destroy({name: set(places) for name, places in gone})
        return RetrySummary(len(opened), taken, shut)

    def _note_retried(self, lines: Sequence[OpenLine], file_no: np.ndarray, line_no: np.ndarray) -> None:
        """The tables `retried` and `sealed` of lines whose cells are sealed already."""
        columns = {
            name: pa.array([getattr(line, name) for line in lines])
            for name in ("ingest_no", "feed_code", "log_kind", "reason", "sealed_file", "sealed_no")
        }
        columns["column_name"] = pa.array([line.column_name for line in lines], pa.string())
        retried = pa.table({"file_no": file_no, "line_no": line_no, **columns})
        self._connection.register("retried_line", retried)
        self._connection.execute("create or replace temp table retried as from retried_line")
        self._connection.unregister("retried_line")
        self._connection.execute("insert into sealed select file_no, line_no, sealed_file, sealed_no from retried")

    def _find_latest(self) -> datetime:
        """The latest moment that an event may tell of by now."""
        return read_clock(self._settings.home).now() + timedelta(seconds=self._settings.future_tolerance_s)

    def _find_due(self, after: datetime | None = None) -> datetime | None:
        """When the next line from the future may be checked again; None when there is none."""
        row = self._connection.execute(
            "select min(due_at) from lake.open_quarantine where reason = 'in_future' and sealed_file is not null"
            " and (?::timestamptz is null or due_at > ?)",
            [after, after],
        ).fetchone()
        return row[0] if row else None

    def _find_sealed_files(self) -> frozenset[str]:
        rows = self._connection.execute(
            "select distinct sealed_file from lake.open_quarantine where sealed_file is not null"
        ).fetchall()
        return frozenset(row[0] for row in rows)

    def _drop_tables(self) -> None:
        self._versions.forget()
        with suppress(duckdb.Error):
            self._connection.execute(";".join(f"drop table if exists temp.{name}" for name in DROPPED_TABLES))

    def _find_today(self) -> int:
        """The district's date as the integer YYYYMMDD."""
        now = read_clock(self._settings.home).now()
        return int(f"{now.astimezone(ZoneInfo(self._settings.timezone)):%Y%m%d}")

    def _check_all(self, batch: ReadBatch, received_at: datetime) -> None:
        """Checks the batch's lines, and lets go of them: a fifth of all memory, while the next batch is read."""
        for table in batch.logs[0]:
            self._check(table, received_at, batch)
        let_go(batch)

    def _check(
        self,
        table: LogTable,
        received_at: datetime,
        batch: ReadBatch | None,
        *,
        is_sealed: bool = False,
    ) -> None:
        """Makes `checked_<kind>` of one kind's lines, and adds those that failed to `rejected`, their cells sealed."""
        kind = table.kind.name
        latest_at = received_at + timedelta(seconds=self._settings.future_tolerance_s)
        is_any_checked = True
        if kind == "registration":
            sighted = self._sight_now(table.rows, batch, latest_at)
            self._check_registrations(sighted, latest_at)
            is_any_checked = sighted.left.num_rows > 0
        else:
            self._connection.register("cell", table.rows)
            try:
                self._connection.execute(
                    f"create or replace temp table checked_{kind} as {check_sql(kind, self._settings)}",
                    {"latest_at": latest_at},
                )
            finally:
                self._connection.unregister("cell")
        if is_any_checked:
            self._set_aside(table, is_sealed=is_sealed)
        if table.broken:
            self._reject(table.broken)

    def _set_aside(self, table: LogTable, *, is_sealed: bool) -> None:
        """Adds the lines of `checked_<kind>` that failed to `rejected`, their cells sealed."""
        kind = table.kind.name
        failed = self._connection.execute(
            f"select (file_no::bigint << 32) | line_no as line_id from checked_{kind} where reason is not null"
        ).fetchnumpy()["line_id"]
        if not len(failed):
            return
        lines = _pick_lines(table.rows, failed)
        self._connection.register("failed_cell", lines)
        try:
            self._connection.execute(rejected_sql(kind, table.kind.columns))
        finally:
            self._connection.unregister("failed_cell")
        if not is_sealed:
            self._seal(kind, lines)

    def _sight_now(self, rows: pa.Table, batch: ReadBatch | None, latest_at: datetime) -> Sighted:
        """These registrations told apart: as they were when they were read, unless key, reference or clock are others by now."""
        identities = batch.identities if batch else None
        sighted = batch.sighted if batch else None
        if identities is None or identities.key != self._memory.key:
            identities, sighted = identify(self._connection, rows, self._memory, self._find_today()), None
        if sighted is None or sighted.reference is not self._reference or not is_due(sighted, latest_at):
            sighted = self._sight(rows, identities, latest_at)
        return sighted

    def _sight(self, rows: pa.Table, identities: Identities, latest_at: datetime) -> Sighted:
        """These registrations told apart; any thread may do it."""
        sighted = sight(rows, identities.lines, self._reference, latest_at)
        with self._connection.cursor() as beside:
            return replace(sighted, right=add_content(beside, sighted.right))

    def _check_registrations(self, sighted: Sighted, latest_at: datetime) -> None:
        """Gathers the good lines, and makes `checked_registration` of what the checks find of those that are left, if any."""
        if sighted.left.num_rows:
            self._connection.register("cell_read", sighted.left)
            try:
                # as a table of the engine's, which knows its size and builds hash joins on the smaller side
                self._connection.execute("create or replace temp table cell as from cell_read")
                self._versions.place(check_sql("registration", self._settings), latest_at)
            finally:
                self._connection.unregister("cell_read")
                self._connection.execute("drop table if exists temp.cell")
            if self._erased_until:
                mark_erased(self._connection, self._erased_until)
            mark_outside_rounds(self._connection, self._settings.round_tolerance_s)
        self._versions.gather(sighted.right, has_checked=sighted.left.num_rows > 0)

    def _seal(self, kind: str, failed: pa.Table) -> None:
        """Seals the lines of a kind that failed, but for those that were erased: no copy of them may come back."""
        sealable = self._connection.execute(
            "select (r.file_no::bigint << 32) | r.line_no as line_id from rejected as r"
            " inner join batch_file as b on b.file_no = r.file_no where b.log_kind = ? and r.reason != 'erased'",
            [kind],
        ).fetchnumpy()["line_id"]
        if len(sealable):
            lines = _pick_lines(failed, sealable)
            self._connection.register("sealed_cell", lines)
            self._connection.execute(NOTE_SEALED, [self._sealer.seal(lines.combine_chunks())])
            self._connection.unregister("sealed_cell")

    def _reject(self, lines: Sequence[BrokenLine]) -> None:
        columns = [[line.file_no for line in lines], [line.line_no for line in lines], [line.reason for line in lines]]
        self._connection.execute(
            "insert into rejected select unnest(?), unnest(?), unnest(?), null, null, null", columns
        )

    def _classify(self, tables: Sequence[LogTable], received_at: datetime) -> bool:
        """Tells new lines from known ones, of every kind; True when there are good registration lines."""
        has_registrations = False
        for table in tables:
            kind = table.kind.name
            if kind == "registration":
                has_registrations = self._versions.classify(received_at)
            else:
                classify_events(self._connection, EVENT_KINDS[kind])
                self._connection.execute(
                    f"""
                    insert into feed_bucket_change
                    select b.feed_code, {BUCKET.format(moment="e.last_event_at")}, count(*)
                    from fresh_{kind} as e inner join batch_file as b on b.file_no = e.file_no group by all
                    """
                )
        return has_registrations

    def _commit(
        self, tables: Sequence[LogTable], has_registrations: bool, received_at: datetime, *, is_retry: bool = False
    ) -> None:
        with self._lake.transaction() as connection:
            connection.execute(INSERT_LEDGER)
            if is_retry:
                connection.execute(INSERT_RELEASES)
            if has_registrations:
                self._versions.insert()
                connection.execute(INSERT_ROLL_UPS)
            for table in tables:
                if table.kind.name in EVENT_KINDS:
                    insert_events(connection, EVENT_KINDS[table.kind.name], received_at)

    def _remember(self, tables: Sequence[LogTable], has_registrations: bool) -> None:
        """After the commit: memory follows the lake."""
        connection = self._connection
        connection.execute(REMEMBER_LEDGER)
        self._expect("select min(bucket_start_at) from feed_bucket_change")
        if has_registrations:
            connection.execute(REMEMBER_ROLL_UPS)
            self._expect(EARLIEST_ROLL_UP)
            self._versions.remember()
        for table in tables:
            kind = EVENT_KINDS.get(table.kind.name)
            if kind:
                remember_events(connection, kind)
                if "event_at" in kind.columns:
                    self._expect(f"select min(event_at) from fresh_{kind.name}")
        taken = connection.execute("select file_sha256, ingest_no from taken").fetchall()
        self._ledger.remember(sha256 for sha256, _ in taken)
        self._ingest_no = max(self._ingest_no, *(ingest_no for _, ingest_no in taken))
        due = connection.execute("select min(due_at) from rejected").fetchone()
        if due and due[0] is not None:
            self._due_at = min(due[0], self._due_at or due[0])

    def _expect(self, statement: str) -> None:
        row = self._connection.execute(statement).fetchone()
        self._publisher.expect_rows_from(row[0] if row else None)

    def _summarise(self, batch: ReadBatch, refused: dict[int, IngestError]) -> IngestSummary:
        row = None
        with suppress(duckdb.CatalogException):  # no table when every file was refused or known
            row = self._connection.execute(
                "select sum(accepted_count), sum(duplicate_count), sum(corrected_count), sum(quarantined_count),"
                " count(*) filter (is_last), sum(unknown_household_count) from temp.taken"
            ).fetchone()
            self._connection.execute("drop table temp.taken")
        accepted, duplicate, corrected, quarantined, file_count, unknown = (
            [int(value or 0) for value in row] if row else [0] * 6
        )
        paths = {number: piece.log.place for number, piece in batch.pieces}
        reasons = tuple((paths[number], str(error)) for number, error in sorted(refused.items()))
        return IngestSummary(accepted, duplicate, corrected, quarantined, file_count, reasons, unknown)


def _pick_lines(rows: pa.Table, line_ids: np.ndarray) -> pa.Table:
    """The few rows of these lines: joining on all cells of a batch would cost as much as checking them."""
    ids = rows["file_no"].to_numpy().astype(np.int64) << 32 | rows["line_no"].to_numpy()
    wanted = np.sort(line_ids)  # a search in the few costs a tenth of sorting all, as `isin` would
    places = np.searchsorted(wanted[:-1], ids)
    return rows.take(pa.array(np.flatnonzero(wanted[places] == ids)))


def _file_of(line: OpenLine) -> tuple[str, str, str, str]:
    return line.file_sha256, line.file_name, line.feed_code, line.log_kind


def _place_lines(cells: pa.Table, kind: LogKind, file_no: np.ndarray, line_no: np.ndarray) -> pa.Table:
    """Cells that were sealed, with the columns that their kind has today, numbered for this batch."""
    place = cells["place"].to_numpy()
    columns = {
        name: cells[name] if name in cells.column_names else pa.nulls(len(place), pa.string()) for name in kind.columns
    }
    return pa.table(columns | {"file_no": pa.array(file_no[place]), "line_no": pa.array(line_no[place])})
