"""The body of a certificate: what was destroyed, when and by whom, what is kept, and what nobody can promise."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from data.clock import CLOCK_FILE
from data.engine import DUCKDB_VERSION
from data.erasure.files import count_later_refused, count_waiting
from data.erasure.journal import Work
from data.erasure.scope import Scope
from data.settings import Settings

LAW = (
    "《中华人民共和国个人信息保护法》第四十七条 Personal Information Protection Law, article 47",
    "《中华人民共和国数据安全法》 Data Security Law",
)
LIMITS = (
    "文件已从文件系统中删除，密钥在删除前已被覆写。固态硬盘、写时复制文件系统和存储快照可能仍留有旧数据块，本程序无法触及，请按介质销毁规定另行处置。",
    "Files were removed from the file system; keys were overwritten first. Old blocks may survive on solid-state disks,"
    " copy-on-write file systems and snapshots of the storage: this program cannot reach them.",
    "备份、导出文件以及其他位置的原始文件不在本程序控制之内，须另行销毁。",
    "Backups, exports and raw files outside the home folder are out of reach: destroy them too.",
    "保留：汇总数、台账计数、基础数据、人员签到（仅工号）。",
    "Kept: totals, the ledger's counts, reference data, staff events (staff numbers only).",
)


def write_body(
    settings: Settings, work: Work, row: dict[str, Any], snapshot_count: int, kept: dict[str, Any]
) -> dict[str, Any]:
    files = [item for item in work.files if item["kind"] == "key" or not Path(item["path"]).exists()]
    counts = {
        kind: sum(item["kind"] == kind for item in files) for kind in ("raw", "refused", "lake", "sealed", "log", "key")
    }
    found = {item["sha256"] for item in files}
    scope, zone = work.scope, ZoneInfo(settings.timezone)
    word = scope.describe(settings.timezone)
    return {
        "number": work.number,
        "district": f"{settings.district_name} {settings.district_name_en}",
        "scope": word,
        "scope_zh": _describe_in_chinese(scope, word),
        "from_at": scope.from_at.isoformat() if scope.kind == "round" else None,
        "until_at": scope.until_at.isoformat(),
        "started_at": work.started_at,
        "finished_at": datetime.now(zone).isoformat(timespec="seconds"),
        "clock": f"{settings.timezone}; this machine's clock"
        + ("; the district's clock is a played one" if (settings.home / CLOCK_FILE).exists() else ""),
        "erased_by": row["erased_by"],
        "software": f"Wangge {_read_version()}, DuckDB {DUCKDB_VERSION}",
        "destroyed": {
            "version_count": row["version_count"], "registration_count": row["registration_count"],
            "person_count": row["person_count"],
            "sealed_line_count": row["sealed_line_count"], "quarantined_count": row["quarantined_count"],
            "snapshot_count": snapshot_count, "raw_file_count": counts["raw"],
            "mixed_file_count": sum(bool(item.get("is_mixed")) for item in files), "refused_file_count": counts["refused"],
            "lake_file_count": counts["lake"], "sealed_file_count": counts["sealed"], "log_count": counts["log"],
            "key_count": counts["key"],
        },
        "kept": kept,
        "left": {
            "waiting_file_count": count_waiting(settings),
            "elsewhere_file_count": len(work.hashes.keys() - found),
            "later_refused_file_count": count_later_refused(settings, scope),
        },
        "law": list(LAW),
        "limits": list(LIMITS),
        "previous": work.previous,
        "files": [{key: item[key] for key in ("kind", "place", "byte_count", "sha256")} for item in files],
    }  # fmt: skip


def _describe_in_chinese(scope: Scope, word: str) -> str:
    return {
        "round": f"轮次 {scope.round_code} 的全部登记",
        "before": f"{word.removeprefix('before ')} 之前的全部登记",
        "all": "全部登记，以及假名化密钥",
        "key": "假名化密钥（登记保留，令牌从此无法对应到人）",
    }[scope.kind]


def _read_version() -> str:
    try:
        return version("wangge")
    except PackageNotFoundError:
        return "unknown"
