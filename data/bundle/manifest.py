"""What a bundle says of itself: the manifest for programmes, and the README for whoever opens it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from data.bundle.agreement import Compared
from data.bundle.content import BY_NAME, DISTRICT_DESCRIPTION, NEVER, TABLES
from data.bundle.examples import Example, choose_examples
from data.bundle.place import KIND, MANIFEST
from data.bundle.source import Column, Source
from data.engine import DUCKDB_VERSION, quoted
from data.publication import SCHEMA_VERSION
from data.settings import Settings
from data.situation_tables import describe_table

MANIFEST_VERSION = 1


def tell_manifest(
    source: Source,
    settings: Settings,
    exporter: str,
    written: Mapping[str, Sequence[Column]],
    counts: Mapping[str, int],
    compared: Sequence[Compared],
) -> dict[str, Any]:
    """All that there is to say of a bundle but its files, which are not closed yet."""
    wish, situation, period = source.wish, source.situation, source.period
    suffix = ".parquet" if wish.format == "parquet" else ""
    return {
        "kind": KIND,
        "manifest_version": MANIFEST_VERSION,
        "product": {"name": "Wangge 网格", "version": _product_version(), "engine": f"DuckDB {DUCKDB_VERSION}"},
        "format": wish.format,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "exported_by": exporter,
        "district": {
            "name": settings.district_name, "name_en": settings.district_name_en, "timezone": settings.timezone,
            "is_synthetic": situation.is_synthetic,
        },
        "situation": {
            "schema_version": SCHEMA_VERSION, "sequence": situation.sequence,
            "published_at": situation.published_at.isoformat(), "as_of": _iso(situation.as_of),
            "rows": source.digest_rows(),
        },
        "period": {
            "from": _iso(period.from_at), "to": _iso(period.until_at),
            "because": period.because,
        },
        "rounds": list(source.rounds) or "all",
        "tables": [
            {
                "name": name, "file": f"{name}{suffix}" if suffix else "", "row_count": counts[name],
                **_describe(name), "columns": [asdict(column) for column in columns],
            }
            for name, columns in written.items()
        ],
        "agreement": [asdict(one) for one in compared],
        "left_out": _tell_left_out(source, written),
        "limits": _tell_limits(source),
    }  # fmt: skip


def pack_manifest(told: dict[str, Any], files: Sequence[tuple[str, Path]]) -> bytes:
    """The manifest with the files' sizes and SHA-256, as it is written."""
    listed = []
    for name, path in files:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        listed.append({"name": name, "byte_count": path.stat().st_size, "sha256": sha256})
    return (json.dumps({**told, "files": listed}, ensure_ascii=False, indent=1) + "\n").encode()


def write_readme(told: dict[str, Any]) -> str:
    """The README of a bundle, in Chinese and in English, with queries that can be asked of it as it is."""
    columns = {table["name"]: [column["name"] for column in table["columns"]] for table in told["tables"]}
    examples = choose_examples(columns)
    tables = "\n".join(
        f"| {table['name']} | {table['row_count']:,} | {table['description_zh']} | {table['description']} |"
        for table in told["tables"]
    )
    compared = "\n".join(
        f"- {one['name']}: {one['outcome']}" + (f" ({one['why']})" if one["why"] else f" ({one['compared_count']:,})")
        for one in told["agreement"]
    )
    is_folder, zone = told["format"] == "parquet", ZoneInfo(told["district"]["timezone"])
    head = {
        "district": told["district"]["name"], "district_en": told["district"]["name_en"],
        "as_of": _read(told["situation"]["as_of"], zone) or "—", "version": told["product"]["version"],
    }  # fmt: skip
    zh = [
        f"# {head['district']} 数据包",
        f"由 Wangge 网格 {head['version']} 导出的去标识化数据；截至 {head['as_of']}，{_tell_extent(told, zone, 'zh')}。",
        "不含姓名、证件号码、电话。人员、住户、试管、工作人员的代码只在本数据包内有效。限制、各列说明和文件校验值见"
        f" `{MANIFEST}`{'' if is_folder else '（文件旁）或表 `manifest`'}。",
        "在装有 DuckDB 的机器上" + ("，于本文件夹内" if is_folder else "，打开本文件后") + "可以直接查询：",
        *_tell_examples(examples, "zh", is_folder, zone),
    ]
    en = [
        f"# Bundle of {head['district_en']}",
        f"De-identified data exported by Wangge {head['version']}; as of {head['as_of']}, {_tell_extent(told, zone, 'en')}.",
        "It holds no name, ID number or telephone. Codes of persons, households, tubes and staff exist in this bundle alone."
        f" Limits, columns and the files' hashes are in `{MANIFEST}`{'' if is_folder else ' (beside the file) or the table `manifest`'}.",
        "With DuckDB on any machine" + (", within this folder:" if is_folder else ", once this file is open:"),
        *_tell_examples(examples, "en", is_folder, zone),
        "## Tables 表",
        f"| 表 table | 行数 rows | | |\n| --- | --- | --- | --- |\n{tables}",
        "## Do the tables agree? 各表是否一致",
        compared,
        "## Limits 限制",
        "\n".join(f"- {limit['zh']}\n- {limit['en']}" for limit in told["limits"]),
    ]
    return "\n\n".join([*zh, *en]) + "\n"


def write_inside(connection: duckdb.DuckDBPyConnection, told: dict[str, Any], readme: str) -> None:
    """Puts manifest, README and descriptions into the DuckDB file itself."""
    connection.execute("create table manifest (name varchar, value varchar)")
    rows = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in told.items()
    ]
    connection.executemany("insert into manifest values (?, ?)", rows)
    connection.execute("create table readme (text varchar)")
    connection.execute("insert into readme values (?)", [readme])
    for table in told["tables"]:
        connection.execute(f'comment on table "{table["name"]}" is {quoted(_in_both(table))}')
        for column in table["columns"]:
            place = f'"{table["name"]}"."{column["name"]}"'
            connection.execute(f"comment on column {place} is {quoted(_in_both(column))}")


def _in_both(told: Mapping[str, str]) -> str:
    return " | ".join(text for text in (told["description_zh"], told["description"]) if text)


def _describe(name: str) -> dict[str, str]:
    if name == "district":
        return dict(zip(("description", "description_zh"), DISTRICT_DESCRIPTION, strict=True))
    return {"description": describe_table(name, "en"), "description_zh": describe_table(name, "zh")}


def _tell_examples(examples: Sequence[Example], language: str, is_folder: bool, zone: ZoneInfo) -> list[str]:
    return [
        f"{example.title(language)}\n\n```sql\n{example.statement(is_folder, zone.key)}\n```" for example in examples
    ]


def _tell_left_out(source: Source, written: Mapping[str, Sequence[Column]]) -> list[dict[str, str]]:
    left = [{"what": names, "why": why} for names, why in NEVER]
    left += [
        {"what": f"{name}.{column}", "why": why} for name in written for column, why in BY_NAME[name].withheld.items()
    ]
    for table in TABLES:
        if table.name not in written:
            left.append({"what": table.name, "why": "only on request" if table.on_request else "not chosen"})
    left += [
        {"what": f"columns of {name}", "why": "only some were chosen"}
        for name in source.wish.columns
        if name in written
    ]
    return left


def _tell_limits(source: Source) -> list[dict[str, str]]:
    kept = source.wish.keeps_tokens
    limits = [
        {
            "en": "person_token is the lake's own token: bundles that keep it, and the lake, can be tied together by it.",
            "zh": "person_token 为数据湖内的原有标记：保留该标记的各数据包之间、与数据湖之间可以互相关联。",
        }
        if kept
        else {
            "en": "person_token is made with a random key that was thrown away: by it nobody can be followed to another bundle or"
            " back to the lake.",
            "zh": "person_token 由随机密钥生成，密钥已销毁：不能据此与其他数据包或数据湖互相关联。",
        },
        {
            "en": "household_code, tube_code and staff codes are made with a key that was thrown away; the finest place of a"
            " household or a person is the grid.",
            "zh": "户编号、试管编号、工作人员编号由已销毁的密钥生成；住户与人员的位置最细到网格。",
        },
        {
            "en": "Times are exact: somebody who has another source with the same sites and times can match single rows by them."
            " Do not publish single rows, and do not show counts of fewer than ten people.",
            "zh": "时间精确到秒：持有同样采样点与时间的其他数据者，可据此对应到单行。请勿公开逐行数据，不展示少于十人的计数。",
        },
        {
            "en": "Sites and grids are places of the reference data in force at the export, also for earlier moments.",
            "zh": "采样点、网格等为导出时的基础数据，也用于较早的时刻。",
        },
    ]
    if source.period.from_at:
        limits.append(
            {
                "en": "Of staff and units the last event before the period is kept too: who is on duty when it begins follows from it.",
                "zh": "工作人员与采样单元另保留时段开始前的最后一次事件，用以得知时段开始时的在岗状态。",
            }
        )  # fmt: skip
    erased = source.list_erased()
    if erased:
        limits.append(
            {
                "en": f"Single registrations were destroyed: {'; '.join(erased)}. The sums still hold them.",
                "zh": f"部分逐条登记已依法销毁：{'；'.join(erased)}。汇总数仍包含它们。",
            }
        )
    return limits


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _tell_extent(told: Mapping[str, Any], zone: ZoneInfo, language: str) -> str:
    """Of which time and which rounds the bundle is."""
    is_zh = language == "zh"
    since, until = (_read(told["period"][end], zone) for end in ("from", "to"))
    if since and until:
        period = f"时段 {since} 至 {until}（不含）" if is_zh else f"from {since} to {until} (not included)"
    elif since:
        period = f"{since} 起" if is_zh else f"from {since} on"
    elif until:
        period = f"{until} 之前" if is_zh else f"before {until}"
    else:
        period = "全部时段" if is_zh else "all times"
    if isinstance(told["rounds"], str):
        return f"{period}，全部轮次" if is_zh else f"{period}, all rounds"
    rounds = ", ".join(told["rounds"])
    return f"{period}，轮次 {rounds}" if is_zh else f"{period}, rounds: {rounds}"


def _read(moment: str | None, zone: ZoneInfo) -> str:
    """A moment of the manifest as people of the district read it; "" for none."""
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""


def _product_version() -> str:
    try:
        return version("wangge")
    except PackageNotFoundError:
        return "from source"
