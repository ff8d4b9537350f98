"""The gate: lets exactly one reading statement through, over tables and functions that are named, and says why not.

It looks at the tree that the engine's own parser makes (`json_serialize_sql`), never at the text, and lets through
what it knows; what a later engine may add is refused. The lists are frozen per version of DuckDB. Called in the
confined child only: parsing a hostile text is dangerous in itself.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from data.sandbox import pivot, slips
from data.sandbox.refusal import SandboxError, place_of

ALLOWED_DIR = Path(__file__).parent / "allowed"
HIDDEN_TABLES = frozenset({"lake_file"})
"""Tables of the situation that no query sees: they name files."""
HIDDEN_COLUMNS = {
    "ingest_file": ("file_sha256", "file_name"),
    "quarantine": ("sealed_file", "sealed_no"),
    "open_quarantine": ("file_sha256", "file_name", "sealed_file", "sealed_no"),
}
"""Columns that no query sees. Who knows a person's whole line could try it against the hash of a file of one line, and so
learn the token; what a site calls its files is free text; where a sealed line lies is nobody's business."""
TEXT_BYTES_MAX = 65_536
_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_EXPRESSIONS = frozenset(
    {
        "CONSTANT", "COLUMN_REF", "FUNCTION", "OPERATOR", "COMPARISON", "CONJUNCTION", "CAST", "CASE", "STAR",
        "SUBQUERY", "WINDOW", "LAMBDA", "LAMBDA_REF", "PARAMETER", "COLLATE", "BETWEEN", "POSITIONAL_REFERENCE",
        "TYPE",
    }
)  # fmt: skip
_TABLE_REFS = frozenset(
    {
        "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "SHOW_REF", "CTE",
        "COLUMN_DATA",
    }
)  # fmt: skip
_MODIFIERS = frozenset({"ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER", "LIMIT_PERCENT_MODIFIER"})
_OWN_SCHEMAS = frozenset(
    {("", ""), ("", "main"), ("", "situation"), ("situation", "main"), ("", "temp"), ("temp", "main")}
)
_CATALOGUES = re.compile(r"^(duckdb_|pragma_|pg_|sqlite_|information_schema$)")
_NAME = re.compile(r"^\w[\w $\-（）()·、，%./]{0,127}$")
_LEAD = r"(?>\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*+"  # nothing is tried twice: a hostile text must not keep it busy
_EXPLAIN = re.compile(rf"^{_LEAD}explain\b(?P<analyze>{_LEAD}analyze\b)?", re.IGNORECASE | re.DOTALL)
_OPTIONS = re.compile(rf"{_LEAD}\({_LEAD}(?:format|analyze)\b", re.IGNORECASE | re.DOTALL)
_FIRST_WORD = re.compile(rf"^{_LEAD}(\w+)", re.DOTALL)
_READING = frozenset(
    {"select", "with", "from", "values", "table", "describe", "desc", "summarize", "show", "explain", "pivot"}
)
_HINTS = {
    "copy": "Download the answer instead: `wangge sql --format csv|parquet`, or the buttons beside it.",
    "export": "`wangge export` writes a bundle to carry to another machine.",
    "create": "Use `with name as (select …)` for a table of this query alone; what a macro stands for is written out.",
    "attach": "The situation and its registrations are here already: SHOW TABLES lists them.",
    "use": "The situation and its registrations are here already: SHOW TABLES lists them.",
    "set": "Settings are fixed. Say times as `at time zone 'UTC'`; limits are in settings.toml.",
    "pragma": "Settings are fixed. For a table's columns write DESCRIBE and its name.",
    "call": "Write a SELECT; for a table's columns DESCRIBE and its name.",
    "pivot": "Name the values: PIVOT t ON column IN ('a', 'b') USING count(*).",
    "with": "A WITH ends in a SELECT. If there is a PIVOT in it, name its values: PIVOT t ON column IN ('a', 'b').",
    **dict.fromkeys(
        ("insert", "update", "delete", "merge", "truncate", "alter", "drop", "comment"),
        "Nothing is changed from here: `wangge ingest` and `wangge import` bring in what is new or corrected.",
    ),
    **dict.fromkeys(
        ("load", "install"), "No extension is loaded here; what can be computed without one is there already."
    ),
    **dict.fromkeys(
        ("begin", "commit", "rollback", "start"), "A query sees one state by itself: no transaction is needed."
    ),
    **dict.fromkeys(("vacuum", "analyze", "checkpoint"), "Upkeep goes on by itself. Write a SELECT."),
    "import": "`wangge import` brings files in.",
    "prepare": "Send the SELECT itself.",
    "execute": "Send the SELECT itself.",
}
_SHAPES = (
    "Shapes are GeoJSON texts, geometry.geojson, which json_extract reads; distance_m(lon, lat, lon, lat) gives metres; "
    "sites, buildings and registrations say their grid_code."
)


@dataclass(frozen=True)
class Passed:
    """A text that went through: what to execute, and whether the answer is a plan, whose text names files."""

    statement: str
    is_plan: bool = False
    shift: int = 0
    """Bytes by which what was put before the text is longer than what it stands for."""
    edits: tuple[pivot.Edit, ...] = ()

    def place_before(self, offset: int) -> int:
        """The byte of the text that stands at this one of the statement."""
        return pivot.place_before(offset - self.shift, self.edits)


@dataclass(frozen=True)
class Engine:
    """What the gate asks of the engine: its parser, and, once the gate let a question for them through, some values."""

    serialize: pivot.Serialize
    tokenize: pivot.Tokenize
    find_values: Callable[[str], list[str]]
    """The first column of the answer to a statement, given as its tree. Raises SandboxError."""


@dataclass(frozen=True)
class Allowed:
    """The functions that may be called, as expressions and in place of a table."""

    functions: frozenset[str]
    table_functions: frozenset[str]


@cache
def read_allowed(version: str) -> Allowed:
    """The lists for a version of DuckDB; SandboxError where none were frozen for it."""
    path = ALLOWED_DIR / f"duckdb-{version}.txt"
    if not path.is_file():
        raise SandboxError(
            "off", f"The sandbox knows no list of safe functions for DuckDB {version}.", "Install the pinned packages."
        )
    functions: set[str] = set()
    tables: set[str] = set()
    section: set[str] = functions
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = tables if line == "[tables]" else functions
        elif not line.startswith("# "):
            section.update(word.lower() for word in line.split())
    return Allowed(frozenset(functions), frozenset(tables))


def check_text(text: str) -> None:
    """Refuses, before anything is parsed, what no query needs: too long a text, NUL, halves of characters."""
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise SandboxError("text", "The text is no valid Unicode.", "Type the query anew.") from None
    if size > TEXT_BYTES_MAX:
        raise SandboxError(
            "text",
            f"The query has {size:,} bytes; {TEXT_BYTES_MAX:,} are the most.",
            "Select from a table rather than from a long list of values.",
        )
    if "\0" in text:
        raise SandboxError("text", "The text holds a NUL character.", "Type the query anew.")


def pass_gate(
    text: str, engine: Engine, tables: frozenset[str], allowed: Allowed, *, parameters: bool = False
) -> Passed:
    """What may be executed of the text; SandboxError, with a word and what to do instead, where nothing may.

    Parameters
    ----------
    tables : the tables there are, in lower case.
    parameters : whether `$name` may occur: in questions, whose values come from our own code.
    """
    explained = _EXPLAIN.match(text)
    # what is left of an EXPLAIN keeps its place in the text, so that errors point at it
    lead = len(text[: explained.end()].encode()) if explained else 0
    inner = " " * lead + text[explained.end() :] if explained else text
    if explained and _OPTIONS.match(text, explained.end()):
        raise SandboxError(
            "statement", "EXPLAIN takes no options here.", "Write EXPLAIN or EXPLAIN ANALYZE and the query."
        )
    edits: tuple[pivot.Edit, ...] = ()
    try:
        tree = json.loads(engine.serialize(inner))
        marked = pivot.mark_values(inner, engine.tokenize) if _is_no_select(tree) else None
        if marked:
            whole = json.loads(engine.serialize(marked.text))
            marked, tree = (None, tree) if whole.get("error") else (marked, whole)
        if tree.get("error"):
            raise _syntax_error(text, tree, tables)
        statements = tree["statements"]
        if len(statements) != 1:
            raise _count_error(len(statements))
        shown = _shown_tables(statements[0]["node"], tables)
        if shown and not explained:
            return Passed(shown)

        def look(whole: dict[str, Any], edits: tuple[pivot.Edit, ...]) -> None:
            _Walk(lambda offset: place_of(text, pivot.place_before(offset, edits)), tables, allowed, parameters).look(
                whole["statements"][0], frozenset()
            )

        look(tree, marked.edits if marked else ())
        if marked:

            def find(question: dict[str, Any], offset: int) -> list[str]:
                look(question, marked.edits)
                try:
                    return engine.find_values(json.dumps(question))
                except SandboxError as error:
                    error.line, error.column = place_of(text, pivot.place_before(offset, marked.edits))
                    raise

            inner, edits = pivot.name_values(inner, marked, tree, engine.serialize, find)
    except RecursionError:
        raise SandboxError(
            "depth", "The query is nested too deeply.", "Split it into steps: with a as (…), b as (…)."
        ) from None
    if explained:
        said = f"explain {'analyze ' if explained['analyze'] else ''}"
        return Passed(said + inner.encode()[lead:].decode(), True, len(said) - lead, edits)
    return Passed(inner, edits=edits)


def _is_no_select(tree: dict[str, Any]) -> bool:
    return bool(tree.get("error")) and tree.get("error_type") != "parser"


class _Walk:
    """Looks at every part of a tree; what it does not know it refuses."""

    def __init__(
        self, place: Callable[[int], tuple[int, int]], tables: frozenset[str], allowed: Allowed, parameters: bool
    ) -> None:
        self._place = place
        self._tables = tables
        self._allowed = allowed
        self._parameters = parameters

    def look(self, part: Any, names: frozenset[str]) -> None:
        """Goes through a part; `names` are the common table expressions that it can see."""
        if isinstance(part, list):
            for item in part:
                self.look(item, names)
        elif isinstance(part, dict):
            self._look_at(part, names)

    def _look_at(self, part: dict[str, Any], names: frozenset[str]) -> None:
        kind = part.get("type")
        if "class" in part:
            self._look_at_expression(part)
        elif isinstance(kind, str):
            if kind in _TABLE_REFS:
                if self._look_at_table(part, kind, names):
                    return
            elif kind not in _NODES and kind not in _MODIFIERS:
                self._look_at_unknown(part, kind)
        if isinstance(part.get("cte_map"), dict):
            names = self._look_at_named(part["cte_map"].get("map", []), part, names)
        if kind in ("CTE_NODE", "RECURSIVE_CTE_NODE"):
            name = str(part.get("ctename", part.get("cte_name", "")))
            self._check_name(name)
            names |= {name.lower()}
        for key, value in part.items():
            if key != "cte_map" and isinstance(value, dict | list):
                self.look(value, names)

    def _look_at_named(
        self, entries: list[dict[str, Any]], node: dict[str, Any], names: frozenset[str]
    ) -> frozenset[str]:
        for entry in entries:
            name = str(entry["key"])
            self._check_name(name)
            query = entry["value"].get("query")
            inner = query.get("node", query) if isinstance(query, dict) else {}
            sees_itself = isinstance(inner, dict) and inner.get("type") == "RECURSIVE_CTE_NODE"
            self.look(entry["value"], names | {name.lower()} if sees_itself else names)
            names |= {name.lower()}
        return names

    def _check_name(self, name: str) -> None:
        # a table of this name that the query cannot see itself would be looked up in a file or a catalogue
        if not _NAME.match(name) or name.lower() in HIDDEN_TABLES or _CATALOGUES.match(name.lower()):
            raise SandboxError("catalogue", f"A part of the query may not be called {name!r}.", "Use a plain name.")

    def _look_at_expression(self, part: dict[str, Any]) -> None:
        kind = part["class"]
        if kind not in _EXPRESSIONS:
            raise self._refusal("syntax", part, f"This kind of expression ({kind.lower()}) is not allowed.", "")
        if kind == "PARAMETER" and not self._parameters:
            raise self._refusal(
                "parameter", part, "The query holds a parameter ($name or ?).", "Write the value itself."
            )
        if kind in ("FUNCTION", "WINDOW") and "function_name" in part:
            self._check_function(part)

    def _check_function(self, part: dict[str, Any]) -> None:
        name = str(part["function_name"]).lower()
        # `site_code.lower()` is read as a function of a schema; those with functions of their own stay closed
        plain = part.get("catalog", "") in ("", "system") and not _CATALOGUES.match(str(part.get("schema", "")).lower())
        if plain and name in self._allowed.functions:
            return
        close = difflib.get_close_matches(name, self._allowed.functions, n=2, cutoff=0.7)
        if name.startswith("st_"):
            raise self._refusal(
                "function", part, f"The function {_shown(name)} is not allowed, or there is none.", _SHAPES
            )
        hint = (
            f"Did you mean {' or '.join(close)}?"
            if close
            else "Functions that compute are allowed; those that look at files, settings or the system are not."
        )
        raise self._refusal("function", part, f"The function {_shown(name)} is not allowed, or there is none.", hint)

    def _look_at_table(self, part: dict[str, Any], kind: str, names: frozenset[str]) -> bool:
        """Checks a place to read from; whether all of it was looked at."""
        if kind == "BASE_TABLE":
            self._check_table(part, names)
        elif kind == "SHOW_REF" and part.get("query") is None:
            raise SandboxError(
                "catalogue",
                "What exists can be listed, not queried.",
                "Write SHOW TABLES alone, or DESCRIBE and a table.",
            )
        elif kind == "TABLE_FUNCTION":
            function = part.get("function") or {}
            name = str(function.get("function_name", "")).lower()
            plain = function.get("schema", "") in ("", "main") and function.get("catalog", "") in ("", "system")
            if function.get("class") != "FUNCTION" or not plain or name not in self._allowed.table_functions:
                raise self._refusal(
                    "table function", function, f"{_shown(name)}(…) in place of a table is not allowed.",
                    "Read the tables that SHOW TABLES lists; range, generate_series, unnest, json_each and json_tree may be used.",
                )  # fmt: skip
            self.look(function.get("children", []), names)
            self.look({key: value for key, value in function.items() if key in ("filter", "order_bys")}, names)
            self.look({key: value for key, value in part.items() if key not in ("function", "type")}, names)
            return True
        return False

    def _check_table(self, part: dict[str, Any], names: frozenset[str]) -> None:
        name = str(part.get("table_name", ""))
        place = (str(part.get("catalog_name", "")).lower(), str(part.get("schema_name", "")).lower())
        lower = name.lower()
        if part.get("at_clause") is not None:
            raise self._refusal(
                "syntax", part, "AT is not allowed: there is one state to ask.", "Compare moments by their columns."
            )
        if place == ("", "") and lower in names:
            return
        if place in _OWN_SCHEMAS and lower in self._tables:
            return
        if place not in _OWN_SCHEMAS or _CATALOGUES.match(lower) or lower in HIDDEN_TABLES:
            said = ".".join(filter(None, (*place, lower)))
            raise self._refusal(
                "catalogue", part, f"{_shown(said)} is not open to queries.", "SHOW TABLES lists the tables, DESCRIBE a table its columns."
            )  # fmt: skip
        if wide := slips.find_wide_sign(name):
            raise self._refusal("error", part, f"There is no table {_shown(name)}.", wide[1])
        if re.search(r"[./\\:*?]", name):
            raise self._refusal(
                "file", part, "Files cannot be read.", "SHOW TABLES lists what is here; `wangge import` and `wangge ingest` bring data in."
            )  # fmt: skip
        close = difflib.get_close_matches(lower, self._tables | names, n=2, cutoff=0.6)
        hint = f"Did you mean {' or '.join(close)}?" if close else "SHOW TABLES lists them."
        raise self._refusal("error", part, f"There is no table {_shown(name)}.", hint)

    def _look_at_unknown(self, part: dict[str, Any], kind: str) -> None:
        # types of columns, and the values of constants, have a type of their own and nothing to look at
        if kind in _KNOWN_OTHERS or "type_info" in part or "is_null" in part:
            return
        raise self._refusal("syntax", part, f"This part of a query ({kind.lower()}) is not allowed.", "")

    def _refusal(self, word: str, part: dict[str, Any], message: str, hint: str) -> SandboxError:
        line, column = self._place(int(part.get("query_location", -1)))
        return SandboxError(word, message, hint, line=line, column=column)


_KNOWN_OTHERS = frozenset(
    {"ASCENDING", "DESCENDING", "ORDER_DEFAULT"}
    | {
        f"{kind}_TYPE_INFO"
        for kind in (
            "GENERIC",
            "DECIMAL",
            "STRING",
            "LIST",
            "STRUCT",
            "ENUM",
            "UNBOUND",
            "USER",
            "ARRAY",
            "ANY",
            "INTEGER_LITERAL",
        )
    }
)


def _shown_tables(node: dict[str, Any], tables: frozenset[str]) -> str:
    """What lists the tables in place of SHOW TABLES, and the columns in place of SHOW and a name; "" for anything else."""
    shown = node.get("from_table")
    if not isinstance(shown, dict) or shown.get("type") != "SHOW_REF" or shown.get("query") is not None:
        return ""
    name = str(shown.get("table_name", "")).strip('"').lower()
    if name in ("tables", "__show_tables_expanded", "show_tables_expanded", ""):
        listed = ", ".join(f"('{table}')" for table in sorted(tables))
        return f"select name from (values {listed}) as shown(name) order by name"
    if name in tables:
        return f"describe {name}"
    return ""


def _syntax_error(text: str, tree: dict[str, Any], tables: frozenset[str]) -> SandboxError:
    said = str(tree.get("error_message", "")).split("\n")[0]
    if tree.get("error_type") == "parser":
        offset = int(tree["position"]) if str(tree.get("position", "")).isdigit() else -1
        if "Max expression depth" in said:
            return SandboxError(
                "depth", "The query is nested too deeply.", "Split it into steps: with a as (…), b as (…)."
            )
        hint = "Look at the place marked, and just before it." if offset >= 0 else "Read it once more."
        before = len(text.encode()[: max(offset, 0)].decode("utf-8", "replace"))
        slip = slips.find_wide_sign(text) or slips.find_keyword_slip(text, before, tables)
        if slip:
            offset, hint = len(text[: slip[0]].encode()), slip[1]
        line, column = place_of(text, offset)
        return SandboxError("error", f"The query cannot be read: {said}.", hint, line=line, column=column)
    word = _find_offending(text)
    if "named and positional" in said:
        return SandboxError("parameter", "The query holds parameters ($name or ?).", "Write the values themselves.")
    return SandboxError(
        "statement",
        f"{word.upper()} is not allowed: only one statement that reads."
        if word
        else "Only one statement that reads is allowed.",
        _HINTS.get(word.lower(), "Write a SELECT; SHOW TABLES, DESCRIBE, SUMMARIZE, EXPLAIN and PIVOT work too."),
    )


def _find_offending(text: str) -> str:
    """The word that a statement begins with which is none that reads; that of the first statement where all read."""
    words = [found[1] for piece in slips.bare(text).split(";") if (found := _FIRST_WORD.match(piece))]
    return next((word for word in words if word.lower() not in _READING), words[0] if words else "")


def _count_error(count: int) -> SandboxError:
    if count == 0:
        return SandboxError("empty", "There is no query in the text.", "Such as: select * from site")
    return SandboxError(
        "several",
        f"There are {count} statements; one at a time.",
        "Remove all but one, or join them: with a as (…) select …",
    )


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:59] + "…")
