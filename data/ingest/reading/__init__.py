"""Reads what sites deliver: files and archives in, tables of text cells with true line numbers out.

Nothing is written to disk; memory is bounded whatever a file's size. Knows no database and no reference data.
"""

from data.ingest.reading.containers import find_logs
from data.ingest.reading.logs import BrokenLine, LogFile, LogPart, LogTable
from data.ingest.reading.parts import cut_parts, read_parts

__all__ = ["BrokenLine", "LogFile", "LogPart", "LogTable", "cut_parts", "find_logs", "read_parts"]
