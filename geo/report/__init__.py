"""The report on a map of grids, for someone who has never seen a map programme: terminal, page, problems as GeoJSON.

Owns the words (`words.<language>.toml`) and how a map with its problems is drawn. Judges nothing.
"""

from geo.report.features import write_features
from geo.report.page import write_page
from geo.report.report import MapReport, make_report
from geo.report.text import write_text

__all__ = ["MapReport", "make_report", "write_features", "write_page", "write_text"]
