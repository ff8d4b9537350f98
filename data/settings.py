"""Settings: read once from the home folder, typed, handed down.

The home folder holds everything made at run time. It is `--home`, else `WANGGE_HOME`, else `var/` beside the
packages. An optional `settings.toml` in it overrides the defaults below.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from data.errors import SettingsError
from data.tiles import Tiles, read_tiles

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SETTINGS_FILE = "settings.toml"
INBOX_FOLDERS = ("taking", "done", "refused", "scenario")
"""The inbox's own folders, where raw files lie; no feed may bear one of these names."""


@dataclass(frozen=True)
class Settings:
    """Every setting, with its unit, default and the source of the default."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8501
    timezone: str = "Asia/Shanghai"
    district_name: str = "蓬江区"
    district_name_en: str = "Pengjiang"
    batch_seconds: float = 1.0
    """Seconds over which files are gathered into one transaction (design: 1–2 s)."""
    batch_bytes: int = 48_000_000
    """Bytes of files in one transaction, about; of a long file a part of 16 MB. Bounds the memory of a worker (a file of ten
    million rows: 0.9 GB, a week's files waiting: 0.93 GB)."""
    writer_memory_bytes: int = 340_000_000
    """Bytes that the writer's engine may hold; with the texts at work the worker stays within 1 GB. It never spills to the
    disk: the engine cannot encrypt what it spills without fetching a library, and it may be a number of a person."""
    settle_seconds: float = 1.0
    """Seconds a file must stay unchanged before it is taken from the inbox."""
    future_tolerance_s: float = 300.0
    """Seconds by which an event may lie ahead of the clock: clocks at sites differ."""
    round_tolerance_s: float = 172_800.0
    """Seconds by which a registration may lie outside every round of its grid; further off its date is wrong. Between
    rounds people come on their own: large cities asked for a test every 48 hours (State Council mechanism, May 2022)."""
    sampled_before_tolerance_s: float = 0.0
    """Seconds by which a sampling may lie before its registration: 0, one system stamps both."""
    sampled_after_max_s: float = 86_400.0
    """Seconds from registration to sampling at most: a round is done within 24 hours (organisation guide, March 2022)."""
    is_phone_checked: bool = True
    """Whether a registration whose telephone number cannot be one is set aside. The number is kept nowhere."""
    retry_after_import: bool = True
    """Whether lines set aside for an unknown code are checked again by themselves once reference data was imported."""
    stale_after_s: float = 120.0
    """No news from any feed for so long while a site is open: the situation is stale (UI states)."""
    busy_from_min: float = 25.0
    jammed_from_min: float = 50.0
    """Wait classes: Shenzhen's public map of sampling sites, 2022."""
    unit_capacity_per_hour: float = 100.0
    """People one sampling unit can take in an hour: a Beijing official, June 2020."""

    catalogue: str = ""
    """The lake's catalogue. Empty: an SQLite file in the home folder. "postgres:host=… port=… dbname=… user=…": a PostgreSQL
    database, for several machines; its password never here, but in keys/catalogue.password or WANGGE_CATALOGUE_PASSWORD."""
    lake_data_path: str = ""
    """The folder of the lake's Parquet files; empty: lake/data in the home folder. With PostgreSQL, one that all machines mount."""
    retention_s: float = 600.0
    """Seconds that replaced files of the lake stay at least: longer than any question over single rows may run."""
    keep_done_days: int = 30
    """Days that log files which were taken are kept in inbox/done/, then they are removed: they hold raw identities. 0: for ever."""

    sandbox_seconds: float = 30.0
    """Seconds that an analyst's query may run."""
    sandbox_memory_bytes: int = 2_000_000_000
    """Memory that it may take, beside what the engine itself needs."""
    sandbox_rows: int = 100_000
    """Rows of its answer that are shown; what was cut is said. Downloads may have sandbox_export_rows."""
    sandbox_bytes: int = 100_000_000
    """Bytes of its answer that are shown: they are held in the dashboard's memory."""
    sandbox_export_rows: int = 5_000_000
    sandbox_export_bytes: int = 2_000_000_000
    """What a download may hold; it is streamed, never held."""
    bundle_rows: int = 50_000_000
    """Registrations that one bundle (`wangge export`) may hold. What has more is refused, never cut: a bundle is whole."""
    sandbox_at_once: int = 2
    """Queries that run at once on this machine, on one thread each; the others wait their turn. Ten at once stretched the
    wall's tick two- to sevenfold on two cores."""
    sandbox_queue: int = 50
    """Queries that may wait."""
    sandbox_accept_reduced: bool = False
    """Whether queries run where this system lacks one of the sandbox's layers (`wangge doctor` says which). The gate and the
    engine's own lock stop every escape known to us without them; they are what would stop an unknown one."""
    analyst: str = ""
    """Who is recorded as having asked in SQL where nobody has signed in. Empty: "page" or, at a shell, the login name."""
    audit_readers: str = ""
    """Users who may see who asked what in SQL, in the same way as `order_givers`."""
    order_givers: str = ""
    """Users who may give orders on zones at a page, separated by ";". Empty: everybody who reaches it, until there are accounts."""
    alert_handlers: str = ""
    """Users who may acknowledge alerts at a page, in the same way."""
    webhooks: str = ""
    """Where alerts are told outside, separated by ";": a format and an address each, such as "json http://alarm.lan/wangge;
    wecom https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={secret}". Empty: nothing leaves this machine. {secret} stands for
    keys/webhook.secret or WANGGE_WEBHOOK_SECRET; with it JSON messages are signed."""
    webhook_least_level: str = "watch"
    """Which alerts are told there: "watch" all of them, "act" only those to act on."""
    webhook_language: str = "zh"
    tile_url: str = ""
    """A background map under the grids, such as "http://tiles.lan/{z}/{x}/{y}.png" or a WMTS template with {TileMatrix}, {TileRow},
    {TileCol}, in Web Mercator. Empty: none, and no page asks anyone for a tile. Viewers' browsers fetch it, from this host alone."""
    tile_attribution: str = ""
    """Whose map it is, shown in its corner."""
    tile_datum: str = "wgs84"
    """Where its ground lies: "wgs84" or "gcj02". Shapes are drawn to fit; what is stored, said and exported stays WGS 84."""
    tile_max_zoom: int = 18
    """The deepest zoom that it has tiles for; nearer, these are enlarged."""

    def for_questions(self, allowance_s: float = 0.0) -> dict[str, Any]:
        """What the district has set for its questions; each question takes those that it has."""
        return {
            "busy_from_min": self.busy_from_min,
            "jammed_from_min": self.jammed_from_min,
            "unit_capacity_per_hour": self.unit_capacity_per_hour,
            "allowance_s": allowance_s,
        }

    @property
    def tiles(self) -> Tiles | None:
        return read_tiles(self.tile_url, self.tile_attribution, self.tile_datum, self.tile_max_zoom)

    @property
    def lake_dir(self) -> Path:
        return self.home / "lake"

    @property
    def lake_data_dir(self) -> Path:
        return Path(self.lake_data_path).expanduser() if self.lake_data_path else self.lake_dir / "data"

    @property
    def catalogue_password_path(self) -> Path:
        return self.home / "keys" / "catalogue.password"

    @property
    def situation_path(self) -> Path:
        return self.home / "situation.duckdb"

    @property
    def inbox_dir(self) -> Path:
        return self.home / "inbox"

    @property
    def taking_dir(self) -> Path:
        """Files that the worker has claimed."""
        return self.inbox_dir / "taking"

    @property
    def done_dir(self) -> Path:
        return self.inbox_dir / "done"

    @property
    def refused_dir(self) -> Path:
        return self.inbox_dir / "refused"

    @property
    def key_path(self) -> Path:
        return self.home / "keys" / "pseudonym.key"

    @property
    def certificate_key_path(self) -> Path:
        """Signs certificates of erasure; made with the first."""
        return self.home / "keys" / "certificate.key"

    @property
    def certificates_dir(self) -> Path:
        return self.home / "certificates"

    @property
    def audit_dir(self) -> Path:
        """Who asked what in SQL; only ever added to."""
        return self.home / "audit"

    @property
    def tokens_path(self) -> Path:
        """With what other machines ask in SQL: digests."""
        return self.home / "keys" / "sql_tokens.json"

    @property
    def sandbox_dir(self) -> Path:
        """The turns that queries take, on all of this machine's processes."""
        return self.home / "sandbox"

    @property
    def quarantine_dir(self) -> Path:
        """Sealed lines, and what the running worker is asked to check again."""
        return self.home / "quarantine"

    @property
    def quarantine_key_path(self) -> Path:
        return self.home / "keys" / "quarantine.key"

    @property
    def known_dir(self) -> Path:
        """What had been received by past moments that were looked at: files that can be made again."""
        return self.home / "known"

    @property
    def orders_dir(self) -> Path:
        """Orders on risk zones that wait for the worker, and its answers."""
        return self.home / "orders"

    @property
    def scenario_dir(self) -> Path:
        """The built-in scenario's files; they are as raw as anyone's."""
        return self.inbox_dir / "scenario"

    @property
    def reports_dir(self) -> Path:
        """What was found on maps: of the one in force, and at the last attempts to import one."""
        return self.home / "reports"

    @property
    def raw_dirs(self) -> tuple[Path, ...]:
        """The inbox's own folders."""
        return tuple(self.inbox_dir / name for name in INBOX_FOLDERS)


def read_settings(home: Path | str | None = None, **overrides: Any) -> Settings:
    """The settings in force: defaults, then `settings.toml`, then `overrides` that are not None.

    Raises SettingsError, naming file, key, value and what is expected, for an unknown key, a wrong type, and a background
    map that cannot be fetched as it is named.
    """
    place = Path(home or os.environ.get("WANGGE_HOME") or PROJECT_ROOT / "var").expanduser().absolute()
    values: dict[str, Any] = {}
    path = place / SETTINGS_FILE
    if path.is_file():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{path} is not valid TOML: {error}.", "Correct that line, or remove the file."
            ) from None
    values |= {name: value for name, value in overrides.items() if value is not None}
    defaults = {field.name: field.default for field in fields(Settings) if field.name != "home"}
    for name, value in values.items():
        if name not in defaults:
            raise SettingsError(f"{path}: unknown setting {name!r}.", f"Known settings: {', '.join(sorted(defaults))}.")
        wanted = type(defaults[name])
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            values[name] = float(value)
        elif not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise SettingsError(
                f"{path}: {name} is {value!r}.", f"It must be {wanted.__name__}, such as {defaults[name]!r}."
            )
    settings = Settings(home=place, **values)
    try:
        read_tiles(settings.tile_url, settings.tile_attribution, settings.tile_datum, settings.tile_max_zoom)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error.message}", error.hint) from None
    return settings
