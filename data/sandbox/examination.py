"""How much of the sandbox this machine gives: found out by trying, not by asking."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from data.sandbox.probe import STOPPED_BY
from data.sandbox.refusal import SandboxError
from data.sandbox.service import PROBE, Sandbox
from data.settings import Settings

CANARIES = {
    "select 1": "",
    "select content from read_text('/etc/passwd')": "table function",
    "select * from '/etc/passwd'": "file",
    "select path from lake_file": "catalogue",
    "attach 'canary.duckdb'": "statement",
    "select current_setting('allowed_paths')": "function",
}
"""Queries, and the word that each must be refused with; "" for the one that must answer."""


@dataclass(frozen=True)
class Examination:
    """What was found: whether every layer holds, some are missing, or no query is run at all."""

    mode: Literal["full", "reduced", "off"]
    told: str
    cure: str = ""
    is_broken: bool = False


def examine_sandbox(settings: Settings) -> Examination:
    """Has confined children try what they must not be able to do, and asks queries that must be refused."""
    # what is tried here waits for nobody's query: it takes milliseconds
    with Sandbox(replace(settings, sandbox_at_once=settings.sandbox_at_once + 1)) as sandbox:
        missing = ", ".join(sandbox.missing)
        if not sandbox.is_on:
            return Examination(
                "off",
                f"off: this system lacks {missing or 'the means to start its processes'}",
                "A Linux of 5.13 or newer on x86-64 or arm64 has all. Or accept the reduced mode: sandbox_accept_reduced = true.",
            )
        try:
            loose = [
                name
                for layer, names in STOPPED_BY.items()
                if layer not in sandbox.missing
                for name in names
                if not sandbox.attempt(name)[0]
            ]
            loose += [text for text, word in CANARIES.items() if _ask(sandbox, text) != word]
        except SandboxError as error:
            is_broken = error.word != "situation"  # what is wrong with that is told by others
            return Examination("off", f"not tried: {error.message}", error.hint or "Read the message.", is_broken)
        if loose:
            return Examination(
                "off" if not sandbox.missing else "reduced",
                f"does not hold: {'; '.join(loose)}",
                "Let nobody ask in SQL, and report this with the system's name and kernel.",
                is_broken=True,
            )
        tried = sum(len(names) for layer, names in STOPPED_BY.items() if layer not in sandbox.missing) + len(CANARIES)
        if missing:
            return Examination(
                "reduced",
                f"reduced: without {missing}; {tried} attempts ended as they must",
                "A Linux of 5.13 or newer has both.",
            )
        return Examination("full", f"full: every layer holds, {tried} attempts ended as they must")


def _ask(sandbox: Sandbox, text: str) -> str:
    """The word that the query was refused with; "" where it was answered."""
    query = sandbox.submit(text, by=PROBE)
    query.wait(60)
    if query.error is None:
        return ""
    if isinstance(query.error, SandboxError) and query.error.is_refusal:
        return query.error.word
    raise query.error
