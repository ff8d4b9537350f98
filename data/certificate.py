"""Certificates of erasure: signed, chained, readable by people, checked by anyone who has the public key.

A certificate is a JSON file (what is signed) and an HTML page beside it (the same, to be read and printed). The signature
is Ed25519 (RFC 8032) over the canonical JSON of the body: sorted keys, no blanks, UTF-8. Each body holds the SHA-256 of
the one before, so that none can be taken away or changed unseen. No certificate holds a name, an ID number, a telephone
number, a token, or the name of a delivered file: that is in the ledger, by its SHA-256.
"""

from __future__ import annotations

import hashlib
import html
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from data.durable import write_durably
from data.errors import WanggeError
from data.ingest.pseudonym import KEY_BYTES, make_key
from data.settings import Settings


class CertificateError(WanggeError):
    """A certificate cannot be read, or is not what it says."""


@dataclass(frozen=True)
class Verdict:
    """What was found about a certificate. `is_own`: signed by this home's key; None where the home has none."""

    body: dict[str, Any]
    is_own: bool | None
    notes: tuple[str, ...]


def read_public_key(settings: Settings) -> str:
    """The public key that verifies this home's certificates, in hexadecimal; the key is made on first use (0600)."""
    return _read_private_key(settings.certificate_key_path, is_new_allowed=True).public_key().public_bytes_raw().hex()


def find_previous(settings: Settings) -> dict[str, Any] | None:
    """Name, number and SHA-256 of the newest certificate of this home; None when there is none."""
    paths = list_certificates(settings)
    if not paths:
        return None
    body = _read(paths[-1])["body"]
    return {"name": paths[-1].name, "number": body["number"], "sha256": hash_body(body)}


def list_certificates(settings: Settings) -> list[Path]:
    """The certificates of this home, oldest first."""
    return sorted(settings.certificates_dir.glob("[0-9][0-9][0-9][0-9]-*.json"))


def issue_certificate(settings: Settings, name: str, body: dict[str, Any]) -> Path:
    """Signs the body and writes `name` and its page into the home's certificates; gives the path of the JSON file."""
    private = _read_private_key(settings.certificate_key_path, is_new_allowed=True)
    signature = private.sign(_canonical(body)).hex()
    document = {"body": body, "public_key": private.public_key().public_bytes_raw().hex(), "signature": signature}
    path = settings.certificates_dir / name
    write_durably(path.with_suffix(".html"), write_page(document).encode())
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    write_durably(path, text.encode())  # last: with it the certificate is there
    return path


def verify_certificate(settings: Settings, path: Path) -> Verdict:
    """What a certificate says, once its signature, its page and its place in the chain were found right.

    Raises CertificateError naming what is wrong. The chain is followed as far as the certificates lie in one folder.
    """
    document = _read(path)
    body = document["body"]
    _check_signature(path, document)
    notes = []
    page = path.with_suffix(".html")
    if page.is_file():
        if page.read_text(encoding="utf-8") != write_page(document):
            raise CertificateError(f"{page} does not say what {path.name} says.", "Trust the JSON file, not the page.")
    else:
        notes.append("its page is not beside it")
    notes += _follow_chain(path, document)
    key_path = settings.certificate_key_path
    if not key_path.is_file():
        return Verdict(body, None, tuple(notes))
    own = _read_private_key(key_path, is_new_allowed=False).public_key().public_bytes_raw().hex()
    return Verdict(body, own == document["public_key"], tuple(notes))


def hash_body(body: dict[str, Any]) -> str:
    """SHA-256 of a certificate's body: what the next one names."""
    return hashlib.sha256(_canonical(body)).hexdigest()


def _follow_chain(path: Path, document: dict[str, Any]) -> list[str]:
    count = 0
    while previous := document["body"].get("previous"):
        before = path.with_name(Path(previous["name"]).name)
        if not before.is_file():
            return [f"the certificate before, {before.name}, is not beside it"]
        key, document, path = document["public_key"], _read(before), before
        _check_signature(path, document)
        if hash_body(document["body"]) != previous["sha256"] or document["public_key"] != key:
            raise CertificateError(
                f"{path.name} is not the certificate that the next one follows.", "One of the two was replaced."
            )
        count += 1
    return [f"{count} before it, unbroken"] if count else []


def _check_signature(path: Path, document: dict[str, Any]) -> None:
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(document["public_key"]))
        public.verify(bytes.fromhex(document["signature"]), _canonical(document["body"]))
    except (InvalidSignature, ValueError, TypeError):
        raise CertificateError(
            f"{path} is not as it was signed: something in it was changed.", "Ask for the original."
        ) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(document["body"]["number"], int) and isinstance(document["signature"], str):
            return dict(document)
    except OSError as error:
        raise CertificateError(f"{path} cannot be read: {error.strerror}.", "Name the JSON file.") from None
    except (ValueError, KeyError, TypeError):
        pass
    raise CertificateError(f"{path} is no certificate of erasure.", "Name the JSON file, such as 0001-round-D3.json.")


def _read_private_key(path: Path, *, is_new_allowed: bool) -> Ed25519PrivateKey:
    try:
        key = path.read_bytes() if path.exists() or not is_new_allowed else make_key(path)
    except OSError as error:
        raise CertificateError(f"The key {path} cannot be read: {error.strerror}.", "Check its owner.") from None
    if len(key) != KEY_BYTES:
        raise CertificateError(f"The key {path} is damaged: {len(key)} bytes, expected {KEY_BYTES}.", "Restore it.")
    return Ed25519PrivateKey.from_private_bytes(key)


def _canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


_WORDS = {
    "number": "编号 Number",
    "district": "地区 District",
    "scope": "范围 Scope",
    "scope_zh": "范围（中文）",
    "started_at": "开始 Started",
    "finished_at": "完成 Finished",
    "clock": "时钟 Clock",
    "erased_by": "操作人 By",
    "software": "软件 Software",
    "destroyed": "已销毁 Destroyed",
    "kept": "保留 Kept",
    "left": "未销毁 Not destroyed",
    "files": "已销毁的文件 Files destroyed",
    "limits": "说明 What this certificate cannot promise",
    "law": "依据 Legal basis",
    "previous": "上一份证书 Certificate before",
    "version_count": "登记记录行 registration lines",
    "registration_count": "登记 registrations",
    "person_count": "人员令牌 person tokens",
    "quarantined_count": "隔离行 quarantined lines",
    "sealed_line_count": "其中密封保存的行 sealed lines among them",
    "sealed_file_count": "密封隔离文件 sealed files",
    "waiting_file_count": "收件箱中等待的文件 files waiting in the inbox",
    "elsewhere_file_count": "不在本机目录中的原始文件 raw files that lie elsewhere, if anywhere",
    "later_refused_file_count": "之后拒收的文件 files refused later",
    "ledger": "台账 ledger",
    "rounds": "轮次 rounds",
    "from_at": "起 from",
    "until_at": "止 until",
    "file_count": "文件 files",
    "row_count": "行 rows",
    "accepted_count": "接收 accepted",
    "duplicate_count": "重复 duplicate",
    "corrected_count": "更正 corrected",
    "name": "名称 name",
    "sha256": "SHA-256",
    "snapshot_count": "数据湖快照 snapshots of the lake",
    "raw_file_count": "原始文件 raw files",
    "mixed_file_count": "其中另含保留数据的原始文件 raw files among them that also held rows which are kept in the lake",
    "refused_file_count": "拒收文件 refused files",
    "lake_file_count": "数据湖文件 files of the lake",
    "log_count": "错误日志 error logs",
    "key_count": "密钥 keys",
}


def write_page(document: dict[str, Any]) -> str:
    """The certificate as a page in Chinese and English; it needs nothing but itself."""
    body = dict(document["body"])
    files = body.pop("files", [])
    rows = "".join(f"<tr><th>{_word(key)}</th><td>{_tell(value)}</td></tr>\n" for key, value in body.items())
    listed = "".join(
        f"<tr><td>{html.escape(file['kind'])}</td><td>{html.escape(file['place'])}</td>"
        f"<td>{file['byte_count']:,}</td><td><code>{html.escape(file['sha256'])}</code></td></tr>\n"
        for file in files
    )
    return _PAGE.format(
        rows=rows, files=listed, count=f"{len(files):,}", public_key=html.escape(document["public_key"]),
        signature=html.escape(document["signature"]), sha256=hash_body(document["body"]), files_word=_WORDS["files"],
    )  # fmt: skip


def _word(key: str) -> str:
    return html.escape(_WORDS.get(key, key))


def _tell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, dict):
        lines = [f"<tr><th>{_word(key)}</th><td>{_tell(inner)}</td></tr>" for key, inner in value.items()]
        return f"<table>{''.join(lines)}</table>"
    if isinstance(value, list):
        return f"<ul>{''.join(f'<li>{_tell(inner)}</li>' for inner in value)}</ul>" if value else "—"
    return html.escape(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value))


_PAGE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>数据销毁证书 Certificate of erasure</title>
<style>
body {{ font-family: "Noto Sans CJK SC", sans-serif; max-width: 60rem; margin: 2rem auto; line-height: 1.5; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #999; padding: .2rem .6rem; text-align: left; vertical-align: top; font-weight: normal; }}
th {{ background: #f2f2f2; }}
ul {{ margin: 0; padding-left: 1.2rem; }}
code {{ overflow-wrap: anywhere; }}
</style></head><body>
<h1>数据销毁证书 Certificate of erasure</h1>
<table>
{rows}</table>
<h2>{files_word} ({count})</h2>
<table><tr><th>类别 kind</th><th>位置 place</th><th>字节 bytes</th><th>SHA-256</th></tr>
{files}</table>
<h2>签名 Signature</h2>
<table>
<tr><th>公钥 public key (Ed25519)</th><td><code>{public_key}</code></td></tr>
<tr><th>签名 signature</th><td><code>{signature}</code></td></tr>
<tr><th>SHA-256</th><td><code>{sha256}</code></td></tr>
</table>
<p>以同名 JSON 文件为准；核验：<code>wangge erase --verify 文件.json</code>。
The JSON file of the same name is what was signed; to check it: <code>wangge erase --verify FILE.json</code>.</p>
</body></html>
"""
