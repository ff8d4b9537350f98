"""The live feed: one thread that asks the wall's questions once per publication, for all viewers.

Owns the payloads of `/api/live` and `/api/geometry` as bytes, and the judgement behind `/healthz`. Knows nothing of
HTTP and nothing of pages. A viewer costs a look at an ETag, not a query.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, thread_time
from typing import Any

from dashboard.geometry import Outline, draw_geometry
from dashboard.payload import Payload, pack_payload
from dashboard.sittings import ENGINE, OpenSitting, Publication, Row, open_newest
from data.alert_log import AlertLog, LogEntry, mark_acknowledged
from data.clock import Clock, read_clock
from data.errors import SituationError, WanggeError
from data.settings import Settings
from data.situation import identify_file
from data.worker_state import WorkerJudgement, judge_worker, list_backlogs

LOG = logging.getLogger(__name__)

LOOK_EVERY_S = 0.2
"""Seconds between looks at the situation file; a look is one `stat`."""
RETRY_EVERY_S = 2.0
"""Seconds before a failed question, or a file that would not open, is tried again."""
ALERTS_EVERY_S = 10.0
"""Seconds for which the answer on alerts stands. They change at marks five minutes apart, and cost as much as all the other
questions together."""
SHARE, BURST_S, LONGEST_REST_S = 0.1, 0.5, 2.0
"""Pictures take SHARE of a core where they come thick and fast, after the first BURST_S; but one is drawn every LONGEST_REST_S."""
BROKEN_AFTER_S = 15.0
"""Real seconds without an answer after which a page calls the server lost (UI, states)."""
WAIT_CLASSES = ("smooth", "busy", "jammed", "resting", "unknown")
MEASURES = {
    "coverage_pct": "coverage_pct",
    "missing": "missing_count",
    "waiting": "waiting_count",
    "on_duty": "on_duty_count",
}
"""What a grid can be coloured by, as named in the payload, and its column in `wall/grids`. The vulnerable are known
with the geometry: they change with an import, not with a tick."""
PLACE_DIGITS = 5
FEED_COLUMNS = (
    "feed_code",
    "feed_name",
    "feed_name_en",
    "kind",
    "town_code",
    "last_event_at",
    "silent_after_min",
    "has_open_site",
)
ZONE_COLUMNS = (
    "zone_code",
    "order_code",
    "zone_name",
    "zone_name_en",
    "level",
    "extent_kind",
    "effective_at",
    "member_count",
    "resident_count",
)

Ask = Callable[[str], list[Row]]


@dataclass(frozen=True)
class Picture:
    """What one publication says. `state` is ok, empty (nothing ingested yet) or error (no situation to read)."""

    state: str
    as_of: datetime | None
    open_unit_count: int | None
    live: Payload
    geometry: Payload | None
    problem: str = ""


@dataclass(frozen=True)
class Health:
    """Whether the situation is fresh enough, and if not why: `status` is ok, empty, stale, failing, error or stopped.

    `worker` is how the worker is, and what it has still to take; None where the feed itself is stopped.
    """

    status: str
    reason: str
    as_of: datetime | None
    age_s: float | None
    worker: WorkerJudgement | None = None

    @property
    def is_well(self) -> bool:
        return self.status == "ok"


@dataclass
class Spending:
    """How much CPU the pictures have taken lately: where the situation is published more often than it can be drawn within a
    share of a core, some publications are passed over."""

    _owed_s: float = 0.0
    _at_s: float = field(default_factory=monotonic)

    def add(self, spent_s: float) -> None:
        """Notes what was spent now; what was spent before is paid off by SHARE of the time since."""
        now_s = monotonic()
        self._owed_s = max(0.0, self._owed_s - SHARE * (now_s - self._at_s)) + spent_s
        self._at_s = now_s

    def may_go_on(self) -> bool:
        """Whether another picture may be drawn: always after LONGEST_REST_S."""
        since_s = monotonic() - self._at_s
        return since_s >= LONGEST_REST_S or self._owed_s - SHARE * since_s <= BURST_S


@dataclass(eq=False)
class Feed:
    """Watches one home's situation file from a thread of its own; `picture` is always the newest complete one."""

    settings: Settings
    picture: Picture | None = None
    clock: Clock = field(default_factory=Clock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _looking: threading.Lock = field(default_factory=threading.Lock)
    _seen: tuple[int, int, int] | None = None
    _outline: Outline | None = None
    _former_outline: Outline | None = None
    _blocks: dict[str, Any] = field(default_factory=dict)
    _asked: tuple[str, ...] = ()
    _sitting: OpenSitting | None = None
    _problem: Exception | None = None
    _handing: threading.Lock = field(default_factory=threading.Lock)
    _failing_since: dict[str, str] = field(default_factory=dict)
    _alerts_at_s: float = float("-inf")
    _are_alerts_old: bool = False
    log: AlertLog = field(init=False)
    _log_seen: object = None
    _spending: Spending = field(default_factory=lambda: Spending())

    def __post_init__(self) -> None:
        self.log = AlertLog(self.settings)

    def start(self) -> None:
        """Takes the first picture, then watches until `stop`; the first viewer never meets an empty hand."""
        self.look()
        self._thread = threading.Thread(target=self._watch, name="live-feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def look(self) -> bool:
        """Takes a new picture if the situation file is another one than before, a change was due by the clock, or something
        failed; says whether."""
        with self._looking:
            begin_s = thread_time()
            try:
                return self._look()
            finally:
                self._spending.add(thread_time() - begin_s)

    def look_if_new(self) -> None:
        """Looks now where there is a file that was not looked at yet, as the feed's own thread would a little later."""
        if identify_file(self.settings.situation_path) != self._seen and self._spending.may_go_on():
            self.look()

    def _look(self) -> bool:
        self.clock = read_clock(self.settings.home)
        found = identify_file(self.settings.situation_path)
        noted = self.log.identify()
        sitting = self._sitting
        is_over = sitting is None or found != self._seen or bool(self._failing_since) or self._is_change_due(sitting)
        is_due = noted != self._log_seen
        is_due = is_due or (self._are_alerts_old and monotonic() - self._alerts_at_s >= ALERTS_EVERY_S)
        if self.picture is not None and not is_over and not is_due:
            return False
        self._seen, self._log_seen = found, noted
        if is_over or sitting is None:
            try:
                sitting = self._open_newest()
            except Exception as error:  # noqa: BLE001 (whatever is wrong with the file, the feed outlives it and says so)
                self._hand_over(None, error)
                self.picture = self._draw_failure(error)
                return True
        try:
            self.picture = self._draw(sitting)
        except Exception as error:  # noqa: BLE001
            self.picture = self._draw_failure(error)
        if sitting is not self._sitting:
            self._hand_over(sitting)
        return True

    def _is_change_due(self, sitting: OpenSitting) -> bool:
        return sitting.changes_at is not None and self.clock.now() >= sitting.changes_at

    def _open_newest(self) -> OpenSitting:
        if self._failing_since:
            ENGINE.start_anew()
        publication = Publication(self.settings.situation_path)
        try:
            return open_newest(publication, self.settings, self.clock, self._asked)
        finally:
            publication.release()

    def _hand_over(self, sitting: OpenSitting | None, problem: Exception | None = None) -> None:
        """From now on this sitting is the newest; or there is none, because of a problem."""
        with self._handing:
            if self._sitting is not None:
                self._sitting.release()
            self._sitting, self._problem = sitting, problem

    @contextmanager
    def seated(self) -> Iterator[OpenSitting]:
        """The sitting of the newest publication, which stays open for as long as the block runs.

        Raises WanggeError where the situation cannot be read.
        """
        if self.picture is None:
            self.look()
        with self._handing:
            sitting = self._sitting.hold() if self._sitting else None
            problem = self._problem
        if sitting is None:
            if isinstance(problem, WanggeError):
                raise problem
            raise SituationError(f"The situation cannot be read: {problem}", "Run wangge doctor.")
        try:
            yield sitting
        finally:
            sitting.release()

    @property
    def asked(self) -> tuple[str, ...]:
        """The questions that a picture asks."""
        return self._asked

    def outline_of(self, rows: Ask, district: Row) -> Outline:
        """The outline of a situation; the one at hand where its geometry is the same."""
        known = self._outline
        if known is not None and known.source == district["geometry_source"]:
            return known
        return draw_geometry(rows, district, self.settings.tiles)

    def find_geometry(self, wanted: str) -> Payload | None:
        """The geometry with this hash: the newest picture's, or the one before it, of which a page may have been told just now."""
        known = (self._outline, self._former_outline)
        return next((outline.payload for outline in known if outline and outline.hash == wanted), None)

    def judge_health(self) -> Health:
        """Whether what the pages show is fresh enough to act on, by the district's clock."""
        picture = self.picture
        if picture is None or self._thread is None or not self._thread.is_alive():
            return Health("stopped", "The live feed is not running. Restart the dashboard.", None, None)
        worker = judge_worker(self.settings)
        ails = worker.message if worker.status in ("failing", "silent", "behind") else ""
        if picture.state == "error":
            return Health("error", f"{picture.problem} {ails}".strip(), picture.as_of, None, worker)
        if picture.as_of is None:
            reason = ails or "Nothing was ingested yet. Put log files into the inbox."
            return Health("empty", reason, None, None, worker)
        age_s = (self.clock.now() - picture.as_of).total_seconds()
        limit_s = self.settings.stale_after_s + self.clock.pipeline_allowance_s()
        if age_s > limit_s and picture.open_unit_count != 0:
            reason = f"No news for {age_s:.0f} s while sites are open; {limit_s:.0f} s are tolerated."
            return Health("stale", f"{reason} {ails or 'Check the inbox.'}", picture.as_of, age_s, worker)
        if worker.status == "failing":
            return Health("failing", worker.message, picture.as_of, age_s, worker)
        return Health("ok", ails, picture.as_of, age_s, worker)

    def _watch(self) -> None:
        while not self._stop.wait(RETRY_EVERY_S if self._failing_since else LOOK_EVERY_S):
            if self._spending.may_go_on():
                self.look()

    def _draw(self, sitting: OpenSitting) -> Picture:
        """The picture of an open situation; a question that fails costs its own block only."""
        asked: dict[str, None] = {}

        def rows(name: str) -> list[Row]:
            asked[name] = None
            return sitting.ask(name)

        district = rows("map/district")[0]
        outline = self.outline_of(rows, district)
        if outline is not self._outline:
            self._former_outline, self._outline = self._outline, outline
        standing = self._find_standing()
        self._blocks, failed = build_blocks(rows, outline, standing)
        since = write_time(self.clock.now()) or ""
        self._failing_since = {block: self._failing_since.get(block, since) for block in failed}
        self._tell_backlogs()
        tell_acknowledgements(self._blocks, self.log.read(self.clock.now()))
        if not standing:
            self._alerts_at_s, self._asked = monotonic(), tuple(asked)
        as_of = district["as_of"]
        body = {
            "version": f"{outline.hash[:8]}-{district['sequence']}",
            "state": "ok" if as_of else "empty",
            "as_of": write_time(as_of),
            **describe_frame(self.settings, outline, self.clock.pipeline_allowance_s()),
            **self._blocks,
            "errors": self._failing_since,
        }
        return Picture(
            state=body["state"],
            as_of=as_of,
            open_unit_count=count_open_units(self._blocks),
            live=write_payload(body),
            geometry=outline.payload,
        )

    def _tell_backlogs(self) -> None:
        """Says at each feed how many of its files wait because the worker does not keep up; nothing where it does."""
        backlogs = list_backlogs(self.settings)
        for feed in self._blocks.get("feeds") or []:
            if feed["feed_code"] in backlogs:
                feed["waiting_file_count"] = backlogs[feed["feed_code"]].file_count

    def _find_standing(self) -> dict[str, Any]:
        """The blocks that need not be asked for again yet: the alerts, for ALERTS_EVERY_S."""
        self._are_alerts_old = "alerts" in self._blocks and monotonic() - self._alerts_at_s < ALERTS_EVERY_S
        return {"alerts": self._blocks["alerts"]} if self._are_alerts_old else {}

    def _draw_failure(self, error: Exception) -> Picture:
        """The last picture, marked as broken since when; or a bare one where there never was any."""
        message = str(error) if isinstance(error, WanggeError) else f"{type(error).__name__}: {error}"
        LOG.warning("The situation cannot be read: %s", message)
        self._failing_since.setdefault("situation", write_time(self.clock.now()) or "")
        last, outline = self.picture, self._outline
        as_of = last.as_of if last else None
        body = {
            "version": "none",
            "state": "error",
            "as_of": write_time(as_of),
            **describe_frame(self.settings, outline, self.clock.pipeline_allowance_s()),
            **self._blocks,
            "errors": self._failing_since,
        }
        return Picture(
            state="error",
            as_of=as_of,
            open_unit_count=None,
            live=write_payload(body),
            geometry=last.geometry if last else None,
            problem=message,
        )


def build_blocks(
    rows: Ask, outline: Outline, standing: Mapping[str, Any] | None = None, wanted: Collection[str] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """The blocks of a picture from what questions answer, and those that failed: each costs itself only.

    Those that are standing already are not asked for again, nor any that are not among the wanted.
    """
    blocks: dict[str, Any] = {}
    failed = []
    for block, build in BLOCKS.items():
        if wanted is not None and block not in wanted:
            continue
        if standing and block in standing:
            blocks[block] = standing[block]
            continue
        try:
            blocks[block] = build(rows, outline)
        except Exception as error:  # noqa: BLE001 (one block's failure leaves the others standing)
            LOG.warning("The block %s of the live picture failed: %s", block, error)
            failed.append(block)
    return blocks, failed


def tell_acknowledgements(blocks: dict[str, Any], entries: Sequence[LogEntry]) -> None:
    """Says at each open alert when it was acknowledged; by whom stays off the wall."""
    alerts = blocks.get("alerts")
    if alerts:
        for alert, marked in zip(alerts["open"], mark_acknowledged(alerts["open"], entries), strict=True):
            alert["acknowledged_at"] = write_time(marked["acknowledged_at"])


def count_open_units(blocks: dict[str, Any]) -> int | None:
    """Units open at all sites; None where the sites are unknown."""
    sites = blocks.get("sites")
    return None if sites is None else sum(site[4] or 0 for site in sites)


def describe_frame(settings: Settings, outline: Outline | None, allowance_s: float) -> dict[str, Any]:
    """What a picture says beside its figures: tolerances, bounds, where its geometry is, whose district it is."""
    return {
        "tolerances": {"stale_s": settings.stale_after_s, "broken_s": BROKEN_AFTER_S, "allowance_s": allowance_s},
        "wait_bounds_min": [settings.busy_from_min, settings.jammed_from_min],
        "geometry": f"/api/geometry?v={outline.hash}" if outline else None,
        "district": outline.district
        if outline
        else {
            "name": settings.district_name,
            "name_en": settings.district_name_en,
            "timezone": settings.timezone,
            "is_synthetic": False,
        },
    }


def describe_clock(clock: Clock) -> str:
    """The district's clock as JSON, for a response's header: where it stands, how fast it runs, where it ends.

    It stays out of the body: the body's ETag must not change with every second.
    """
    ends_at = clock.ends_at.isoformat() if clock.ends_at else None
    now = clock.now().astimezone(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"now": now, "speed": clock.speed, "ends_at": ends_at}, separators=(",", ":"))


def write_payload(body: dict[str, Any]) -> Payload:
    """The payload as compact JSON, ready to send."""
    return pack_payload(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), level=9)


def write_time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC to the second; null stays null."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write_row(row: Row) -> Row:
    """The row as JSON takes it: times as text, figures to one decimal, places to a metre."""
    return {
        key: round(value, PLACE_DIGITS) if key in ("lon", "lat") and value is not None else _write_value(value)
        for key, value in row.items()
    }


def _write_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return write_time(value)
    if isinstance(value, float):
        return _round(value)
    return value


def _round(value: float | None) -> float | int | None:
    """One decimal, whole numbers without it; a share below 100 never rounds up to 100 (UI, numbers)."""
    if value is None:
        return None
    rounded = min(round(value, 1), 99.9) if value < 100 else round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def _build_grids(rows: Ask, outline: Outline) -> dict[str, list[Any]]:
    found = {row["grid_code"]: row for row in rows("wall/grids")}
    return {
        measure: [_round(found.get(code, {}).get(column)) for code in outline.grid_codes]
        for measure, column in MEASURES.items()
    }


def _build_summary(rows: Ask, outline: Outline) -> Row:
    grids, zones = rows("wall/grids"), rows("zones/in_force")
    high = [zone for zone in zones if zone["level"] == "high"]
    medium = [zone for zone in zones if zone["level"] == "medium"]
    return {
        "grid_count": len(outline.grid_codes),
        "below_60_count": sum(1 for grid in grids if grid["coverage_pct"] is not None and grid["coverage_pct"] < 60),
        "unknown_count": len(outline.grid_codes) - sum(1 for grid in grids if grid["coverage_pct"] is not None),
        "site_count": len(outline.site_codes),
        "high_place_count": sum(zone["member_count"] or 0 for zone in high),
        "high_resident_count": sum(zone["resident_count"] or 0 for zone in high),
        "medium_community_count": sum(
            zone["member_count"] or 0 for zone in medium if zone["extent_kind"] == "community"
        ),
        "medium_resident_count": sum(zone["resident_count"] or 0 for zone in medium),
    }


def _build_shares(question: str, codes: str) -> Callable[[Ask, Outline], Row]:
    def build(rows: Ask, outline: Outline) -> Row:
        found = {row["code"]: row for row in rows(question)}
        shown = [found.get(code, {}) for code in getattr(outline, codes)]
        return {
            "coverage_pct": [_round(row.get("coverage_pct")) for row in shown],
            "missing": [row.get("missing_count") for row in shown],
        }

    return build


def _build_sites(rows: Ask, outline: Outline) -> list[list[Any]]:
    found = {row["site_code"]: row for row in rows("sites/state")}
    return [_write_site(found.get(code)) for code in outline.site_codes]


def _write_site(row: Row | None) -> list[Any]:
    """[wait_min, class index, waiting, sampled_per_hour, open units, needed units]; all unknown without a row."""
    if row is None:
        return [None, WAIT_CLASSES.index("unknown"), None, None, None, None]
    wait_min = row["wait_min"]
    rate = row["sampled_per_hour"]
    return [
        None if wait_min is None else math.floor(wait_min),  # never rounded up into the next class
        WAIT_CLASSES.index(row["wait_class"]),
        row["waiting_count"],
        None if rate is None else round(rate),
        row["open_unit_count"],
        row["needed_unit_count"],
    ]


def _build_one(question: str) -> Callable[[Ask, Outline], Row | None]:
    def build(rows: Ask, _outline: Outline) -> Row | None:
        found = rows(question)
        return _write_row(found[0]) if found else None

    return build


def _build_all(question: str, *columns: str) -> Callable[[Ask, Outline], list[Row]]:
    """All rows; only the named columns where some are named (what no page shows costs bytes every tick)."""

    def build(rows: Ask, _outline: Outline) -> list[Row]:
        return [_write_row({key: row[key] for key in columns} if columns else row) for row in rows(question)]

    return build


def _build_zones(rows: Ask, _outline: Outline) -> list[Row]:
    """Zones in force, strictest first, with their members; buildings and polygons bring their shape, others their code."""
    members: dict[str, list[Row]] = {}
    for extent in rows("zones/extents"):
        members.setdefault(extent["order_code"], []).append(extent)
    zones = []
    for zone in rows("zones/in_force"):
        row = _write_row({key: zone[key] for key in ZONE_COLUMNS})
        own = members.get(zone["order_code"], [])
        row["members"] = [extent["member_code"] for extent in own]
        if zone["extent_kind"] in ("building", "polygon"):
            row["shapes"] = [
                ring for extent in own if extent["geojson"] for ring in _outer_rings(json.loads(extent["geojson"]))
            ]
        zones.append(row)
    return zones


def _outer_rings(shape: Row) -> list[list[Any]]:
    """The outer ring of each part, its corners as [lon, lat] to six decimals."""
    parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return [[[round(x, 6), round(y, 6)] for x, y in part[0]] for part in parts]


def _build_alerts(rows: Ask, _outline: Outline) -> Row:
    closed = [_write_row(row) for row in rows("alerts/closed_today")]
    return {
        "open": [_write_row(row) for row in rows("alerts/open")],
        "closed": closed[:3],
        "closed_count": len(closed),
    }


BLOCKS: dict[str, Callable[[Ask, Outline], Any]] = {
    "grids": _build_grids,
    "summary": _build_summary,
    "communities": _build_shares("wall/communities", "community_codes"),
    "towns": _build_shares("wall/towns", "town_codes"),
    "sites": _build_sites,
    "queues": _build_one("sites/queues"),
    "rounds": _build_all("wall/rounds"),
    "rate": _build_one("wall/rate"),
    "throughput": _build_all("wall/throughput"),
    "whistles": _build_all("staffing/whistles"),
    "on_duty": _build_all("staffing/on_duty", "role", "on_duty_count", "roster_count"),
    "feeds": _build_all("quality/feeds", *FEED_COLUMNS),
    "zones": _build_zones,
    "alerts": _build_alerts,
}
"""The blocks of `/api/live` in the order in which they are sent, each with what builds it."""
