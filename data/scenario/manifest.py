"""The manifest: exactly how many lines of each kind were written, and what ingest must make of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Tally:
    """Lines of one kind of log: written = accepted + duplicate + corrected + the quarantined of every reason."""

    files: int = 0
    written: int = 0
    accepted: int = 0
    duplicate: int = 0
    corrected: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.files += other.files
        self.written += other.written
        self.accepted += other.accepted
        self.duplicate += other.duplicate
        self.corrected += other.corrected
        for reason, count in other.quarantined.items():
            self.quarantined[reason] = self.quarantined.get(reason, 0) + count


@dataclass
class Manifest:
    """What a scenario holds. `logs`: lines in files; `played`: lines still to be played; both by kind of log."""

    seed: int
    scale: float
    residents: int
    households: int
    registrations: int
    """Distinct registrations in logs and play together."""
    play_from: str | None = None
    logs: dict[str, Tally] = field(default_factory=dict)
    played: dict[str, Tally] = field(default_factory=dict)
    dirt: dict[str, int] = field(default_factory=dict)
    """Files and lines of each kind of dirt; see the keys."""

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_manifest(path: Path) -> Manifest:
    """The manifest that `Manifest.write` wrote."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    for part in ("logs", "played"):
        raw[part] = {kind: Tally(**tally) for kind, tally in raw[part].items()}
    return Manifest(**raw)
