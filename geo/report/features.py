"""The problems of a map as GeoJSON, for a map programme: one feature each, with its number, figures and words."""

from __future__ import annotations

import json

import numpy as np
import shapely

from geo.report.report import MapReport
from geo.report.words import LANGUAGES, describe_fault

DECIMALS = 7
"""Of a degree: a centimetre, finer than the narrowest sliver."""


def write_features(report: MapReport) -> str:
    """A FeatureCollection in EPSG:4326; a problem without a place has no geometry."""
    features = []
    for number, fault in enumerate(report.judgement.faults, start=1):
        told = {language: describe_fault(fault, language) for language in LANGUAGES}
        geometry = None
        if fault.place is not None and not fault.place.is_empty:
            rounded = shapely.transform(fault.place, lambda points: np.round(points, DECIMALS))
            geometry = json.loads(shapely.to_geojson(rounded))
        features.append(
            {
                "type": "Feature",
                "geometry": geometry,
                "properties": {
                    "number": number,
                    "kind": fault.kind,
                    "level": fault.level,
                    "codes": list(fault.codes),
                    "rows": list(fault.rows),
                    "area_m2": _rounded(fault.area_m2, 1),
                    "width_m": _rounded(fault.width_m, 3),
                    "length_m": _rounded(fault.length_m, 1),
                    "lon": _rounded(fault.lon, DECIMALS),
                    "lat": _rounded(fault.lat, DECIMALS),
                    "near_code": fault.near_code or None,
                    "near_name": fault.near_name or None,
                    **{f"sentence_{language}": one.sentence for language, one in told.items()},
                },
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
