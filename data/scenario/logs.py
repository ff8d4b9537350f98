"""Writes the logs as files that each feed delivers, dirt included, and keeps count of every line.

Registrations are exported every half hour: a line at registration without a time of sampling, and the line again with
it, if sampling came in a later export. What is delivered after `play_from` is returned as lines to be played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data.scenario.dirt import (
    DUPLICATE_SHARE,
    NEEDS_SAMPLING,
    REGISTRATION_DIRT_COUNT,
    STAFF_DIRT_COUNT,
    STAFF_DUPLICATE_SHARE,
    UNIT_DIRT_COUNT,
    damage_registration,
    damage_staff_event,
    damage_unit_event,
    scaled,
)
from data.scenario.lines import (
    STAFF_COLUMNS,
    STYLES,
    UNIT_COLUMNS,
    WHISTLE_COLUMNS,
    RegistrationWriter,
    Style,
    TextLines,
    staff_lines,
    unit_line,
    whistle_line,
)
from data.scenario.manifest import Tally
from data.scenario.mustering import START, WHISTLES, StaffEvents, event_time
from data.scenario.population import Ints
from data.scenario.queues import Service
from data.scenario.reference import District
from data.scenario.sites import FEED_OF_TOWN
from data.scenario.visits import DAY_S, HOUR_S, Visits

EXPORT_S = 1800
UNIT_EXPORT_S = 4 * HOUR_S
STAFF_EXPORT_S = 2 * HOUR_S
NEVER_S = 10**9
REGISTRATION, UNIT_EVENT, STAFF_EVENT, WHISTLE = "registration", "unit_event", "staff_event", "whistle"

LATE_SHARE, SHUFFLED_SHARE = 0.02, 0.05
LATE_BEFORE_S = 4 * DAY_S
"""Only exports of 9–12 July come late, so that all have come when 14 July is played."""
DELIVERED_TWICE = {"baisha": 1, "tangxia": 1, "huanshi": 1}
"""Files that come twice under two names."""

# Feeds that fall silent on 14 July and send what they held back when they return: feed, from, to.
SILENCES = (
    ("hetang", 5 * DAY_S + 6 * HOUR_S + 52 * 60, 5 * DAY_S + 6 * HOUR_S + 58 * 60),
    ("chaolian", 5 * DAY_S + 8 * HOUR_S + 29 * 60, 5 * DAY_S + 9 * HOUR_S + 9 * 60),
)


@dataclass
class FeedLogs:
    """What a feed's logs came to."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    played_tallies: dict[str, Tally] = field(default_factory=dict)
    dirt: dict[str, int] = field(default_factory=dict)
    played: list[tuple[Ints, str, str, list[bytes]]] = field(default_factory=list)
    """Delivery second of each line, feed, kind of log, lines in UTF-8 with their newline."""

    def note(self, what: str, count: int = 1) -> None:
        self.dirt[what] = self.dirt.get(what, 0) + count


def write_registrations(
    directory: Path,
    district: District,
    visits: Visits,
    service: Service,
    writer: RegistrationWriter,
    feed: str,
    play_from_s: int | None,
    seed: int,
) -> FeedLogs:
    """One feed's registrations: files up to `play_from_s`, lines to be played after."""
    rng = np.random.default_rng([seed, 10, list(FEED_OF_TOWN.values()).index(feed)])
    logs, style = FeedLogs(), STYLES[feed]
    limit_s = NEVER_S if play_from_s is None else play_from_s
    sites = district.sites
    of_feed = np.array([own == feed for own in sites.feed])
    mine = np.flatnonzero(of_feed[visits.site])
    registered, sampled = visits.registered_s[mine], service.sampled_s[mine]
    is_sampled = (sampled >= 0) & sites.is_sampling_reported[visits.site[mine]]
    export, sampled_export = registered // EXPORT_S, sampled // EXPORT_S
    before = registered < limit_s
    bare = before & (~is_sampled | (sampled_export > export))
    full = is_sampled & (sampled < limit_s)
    later_bare, later_full = ~before, is_sampled & (sampled >= limit_s)

    tally = logs.tallies.setdefault(REGISTRATION, Tally())
    tally.accepted = int((bare | full).sum())
    tally.corrected = int((bare & full).sum())
    visit = np.concatenate([mine[bare], mine[full]])
    event = np.concatenate([registered[bare], sampled[full]])
    is_full = np.concatenate([np.zeros(int(bare.sum()), dtype=bool), np.ones(int(full.sum()), dtype=bool)])
    scale = district.scale
    if len(visit):
        _write_files(directory / feed, feed, style, writer, visit, event, is_full, logs, scale, rng)
    if play_from_s is not None:
        played = logs.played_tallies.setdefault(REGISTRATION, Tally())
        played.accepted = int(later_bare.sum())
        played.corrected = int(later_full.sum())
        visit = np.concatenate([mine[later_bare], mine[later_full]])
        event = np.concatenate([registered[later_bare], sampled[later_full]])
        is_full = np.concatenate(
            [np.zeros(int(later_bare.sum()), dtype=bool), np.ones(int(later_full.sum()), dtype=bool)]
        )
        _queue_for_play(feed, style, writer, visit, event, is_full, logs, scale * 0.15, rng)
    return logs


def _write_files(
    directory: Path,
    feed: str,
    style: Style,
    writer: RegistrationWriter,
    visit: Ints,
    event: Ints,
    is_full: npt.NDArray[np.bool_],
    logs: FeedLogs,
    scale: float,
    rng: np.random.Generator,
) -> None:
    export = event // EXPORT_S
    exports = np.unique(export)
    late = {
        int(e): int(rng.integers(6, 40))
        for e in exports
        if (e + 1) * EXPORT_S < LATE_BEFORE_S and rng.random() < LATE_SHARE
    }
    if not late and exports[0] * EXPORT_S < LATE_BEFORE_S:
        late = {int(exports[len(exports) // 4]): 9}
    shuffled = exports[rng.random(len(exports)) < SHUFFLED_SHARE]
    key = np.where(np.isin(export, shuffled), rng.integers(0, EXPORT_S, len(event)), event % EXPORT_S)
    order = np.lexsort((is_full, key, export))
    visit, event, is_full, export = visit[order], event[order], is_full[order], export[order]
    text = writer.write(style, visit, is_full)
    starts = np.append(np.searchsorted(export, exports), len(export))
    extra = _make_dirt(style, text, is_full, logs.tallies[REGISTRATION], logs, scale, rng)
    # Dirt comes in the export of the line it was made from; every other duplicate in the next one.
    inserted: dict[int, list[tuple[int, bytes]]] = {}
    for row, line, goes_on in extra:
        at = min(int(np.searchsorted(exports, export[row])) + goes_on, len(exports) - 1)
        inserted.setdefault(at, []).append((int(rng.integers(starts[at], starts[at + 1] + 1)), line))
    twice = set(rng.choice(len(exports), min(DELIVERED_TWICE.get(feed, 0), len(exports)), replace=False).tolist())
    directory.mkdir(parents=True, exist_ok=True)
    tally = logs.tallies[REGISTRATION]
    for at, number in enumerate(exports):
        pieces = list(_splice(text.text, text.starts, int(starts[at]), int(starts[at + 1]), inserted.get(at, [])))
        body = b"".join(pieces)
        delay = late.get(int(number), 0)
        cut = event_time(int(number + 1) * EXPORT_S)
        delivered = event_time(int(number + 1 + delay) * EXPORT_S)
        name = f"{feed}-{delivered:%Y%m%dT%H%M}" + (f"-late-{cut:%Y%m%dT%H%M}" if delay else "")
        content = _encode(style, style.columns, body)
        copies = [name, f"{name}-again"] if at in twice else [name]
        lines = int(starts[at + 1] - starts[at]) + len(inserted.get(at, []))
        for copy in copies:
            (directory / f"{copy}.csv").write_bytes(content)
            tally.files += 1
            tally.written += lines
            _note_file(logs, style)
        logs.note("late_files", int(delay > 0))
        logs.note("shuffled_files", int(number in shuffled))
        if at in twice:
            tally.duplicate += lines
            logs.note("files_delivered_twice")


def _note_file(logs: FeedLogs, style: Style) -> None:
    logs.note(f"{style.encoding.replace('-', '_')}_files")
    logs.note("chinese_header_files" if style.is_chinese else "english_header_files")


def _make_dirt(
    style: Style,
    text: TextLines,
    is_full: npt.NDArray[np.bool_],
    tally: Tally,
    logs: FeedLogs,
    scale: float,
    rng: np.random.Generator,
) -> list[tuple[int, bytes, int]]:
    """Duplicates and damaged copies: the row each was made from, its line, and 1 if it comes an export later."""
    extra: list[tuple[int, bytes, int]] = []
    rows = rng.integers(0, len(is_full), max(2, round(DUPLICATE_SHARE * len(is_full))))
    extra += [(int(row), text.line(int(row)), n % 2) for n, row in enumerate(rows)]
    tally.duplicate += len(rows)
    logs.note("duplicate_lines", len(rows))
    sampled = np.flatnonzero(is_full)
    for reason, whole in REGISTRATION_DIRT_COUNT.items():
        pool = sampled if reason in NEEDS_SAMPLING else np.arange(len(is_full))
        if not len(pool):
            continue
        rows = rng.choice(pool, scaled(round(whole / len(FEED_OF_TOWN)), scale))
        for row in rows:
            damaged = damage_registration(text.line(int(row)).decode(), style.columns, reason, rng)
            extra.append((int(row), damaged.encode(), 0))
        tally.quarantined[reason] = tally.quarantined.get(reason, 0) + len(rows)
    return extra


def _splice(
    text: memoryview, starts: Ints, first: int, last: int, inserted: list[tuple[int, bytes]]
) -> Iterator[bytes | memoryview]:
    """Lines `first` to `last` with others put in before the given lines."""
    place = first
    for at, line in sorted(inserted):
        yield text[starts[place] : starts[at]]
        yield line
        place = at
    yield text[starts[place] : starts[last]]


def _encode(style: Style, columns: tuple[str, ...], body: bytes) -> bytes:
    header = (style.header(columns) + "\n").encode()
    content = header + body
    if style.encoding == "utf-8":
        return content
    return content.decode("utf-8").encode(style.encoding)


def _queue_for_play(
    feed: str,
    style: Style,
    writer: RegistrationWriter,
    visit: Ints,
    event: Ints,
    is_full: npt.NDArray[np.bool_],
    logs: FeedLogs,
    scale: float,
    rng: np.random.Generator,
) -> None:
    order = np.lexsort((is_full, event))
    visit, event, is_full = visit[order], event[order], is_full[order]
    if not len(visit):
        return
    text = writer.write(style, visit, is_full)
    tally = logs.played_tallies[REGISTRATION]
    deliver = event + rng.integers(2, 9, len(event))
    lines = bytes(text.text).split(b"\n")[:-1]
    lines = [line + b"\n" for line in lines]
    for row, line, goes_on in _make_dirt(style, text, is_full, tally, logs, scale, rng):
        lines.append(line)
        deliver = np.append(deliver, deliver[row] + 20 + goes_on * EXPORT_S)
    tally.written += len(lines)
    logs.played.append((hold_back(feed, deliver), feed, REGISTRATION, lines))


def hold_back(feed: str, deliver: Ints) -> Ints:
    """Delivery times with what a silent feed keeps until it returns."""
    for silent, start_s, end_s in SILENCES:
        if silent == feed:
            deliver = np.where((deliver >= start_s) & (deliver < end_s), end_s + (deliver - start_s) // 60, deliver)
    return deliver


def write_unit_events(
    directory: Path, district: District, service: Service, play_from_s: int | None, seed: int
) -> FeedLogs:
    """Openings and closings of units, each feed's every four hours."""
    logs = FeedLogs()
    rng = np.random.default_rng([seed, 20])
    sites = district.sites
    for feed in FEED_OF_TOWN.values():
        style = STYLES[feed]
        rows = np.flatnonzero(np.array([own == feed for own in sites.feed])[service.unit_site])
        rows = rows[np.argsort(service.unit_event_s[rows], kind="stable")]
        event = service.unit_event_s[rows]
        lines = [
            unit_line(
                style,
                sites.code[service.unit_site[i]],
                int(service.unit_number[i]),
                bool(service.unit_is_open[i]),
                int(service.unit_event_s[i]),
            )
            for i in rows
        ]
        _deliver(
            directory,
            feed,
            UNIT_EVENT,
            "units",
            UNIT_COLUMNS,
            event,
            lines,
            UNIT_EXPORT_S,
            logs,
            play_from_s,
            [
                (reason, damage_unit_event, max(1, scaled(count, district.scale) // 6))
                for reason, count in UNIT_DIRT_COUNT.items()
            ],
            0.005,
            rng,
        )
    return logs


def write_staff_events(
    directory: Path, district: District, events: StaffEvents, play_from_s: int | None, seed: int
) -> FeedLogs:
    """Check-ins, check-outs and whistles: one feed for the whole district."""
    logs = FeedLogs()
    rng = np.random.default_rng([seed, 30])
    _deliver(
        directory,
        "checkin",
        STAFF_EVENT,
        "staff",
        STAFF_COLUMNS,
        events.event_s,
        staff_lines(district, events),
        STAFF_EXPORT_S,
        logs,
        play_from_s,
        [(reason, damage_staff_event, scaled(count, district.scale)) for reason, count in STAFF_DIRT_COUNT.items()],
        STAFF_DUPLICATE_SHARE,
        rng,
    )
    rows: list[tuple[int, str, bool]] = []
    for whistle in WHISTLES:
        raised_s = int((whistle.raised_at - START).total_seconds())
        rows.append((raised_s, whistle_line(whistle, district.scale, False), False))
        rows.append((raised_s + 60 * whistle.closes_min, whistle_line(whistle, district.scale, True), True))
    rows.sort()
    corrections = np.array([again for _, _, again in rows])
    _deliver(
        directory,
        "checkin",
        WHISTLE,
        "whistles",
        WHISTLE_COLUMNS,
        np.array([row[0] for row in rows]),
        [row[1] for row in rows],
        DAY_S,
        logs,
        play_from_s,
        [],
        0.1,
        rng,
        corrections,
        Style(False),
    )
    return logs


def _deliver(
    directory: Path,
    feed: str,
    kind: str,
    word: str,
    columns: tuple[str, ...],
    event: Ints,
    lines: list[str],
    export_s: int,
    logs: FeedLogs,
    play_from_s: int | None,
    damages: list[tuple[str, Callable[[str, str], str], int]],
    duplicate_share: float,
    rng: np.random.Generator,
    is_correction: npt.NDArray[np.bool_] | None = None,
    style: Style | None = None,
) -> None:
    """Writes the lines of one kind of event into files by export, and queues the later ones for play."""
    style = style or STYLES[feed]
    limit_s = NEVER_S if play_from_s is None else play_from_s
    tally = logs.tallies.setdefault(kind, Tally())
    played = logs.played_tallies.setdefault(kind, Tally()) if play_from_s is not None else tally
    is_correction = np.zeros(len(lines), dtype=bool) if is_correction is None else is_correction
    rows = [(int(second), line) for second, line in zip(event, lines, strict=True)]
    early = event < limit_s
    for mine, own in ((early, tally), (~early, played)):
        own.accepted += int((mine & ~is_correction).sum())
        own.corrected += int((mine & is_correction).sum())
    if lines:
        for n in rng.integers(0, len(lines), max(1, round(duplicate_share * len(lines)))):
            rows.append(rows[n])
            (tally if event[n] < limit_s else played).duplicate += 1
            logs.note("duplicate_lines")
        for reason, damage, count in damages:
            for n in rng.integers(0, len(lines), count):
                rows.append((rows[n][0], damage(lines[n], reason)))
                own = tally if event[n] < limit_s else played
                own.quarantined[reason] = own.quarantined.get(reason, 0) + 1
    rows.sort(key=lambda row: row[0])
    files: dict[int, list[str]] = {}
    for second, line in rows:
        if second < limit_s:
            files.setdefault(min((second // export_s + 1) * export_s, limit_s), []).append(line)
    folder = directory / feed
    folder.mkdir(parents=True, exist_ok=True)
    for cut, body in files.items():
        content = _encode(style, columns, "".join(body).encode())
        (folder / f"{feed}-{word}-{event_time(cut):%Y%m%dT%H%M}.csv").write_bytes(content)
        tally.files += 1
        tally.written += len(body)
        _note_file(logs, style)
    late = [(second, line) for second, line in rows if second >= limit_s]
    if late:
        played.written += len(late)
        deliver = np.array([second for second, _ in late]) + rng.integers(1, 6, len(late))
        logs.played.append((hold_back(feed, deliver), feed, kind, [line.encode() for _, line in late]))
