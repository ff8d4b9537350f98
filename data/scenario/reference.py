"""Writes the scenario's reference files, as data/FORMATS.md describes them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from data.errors import WanggeError
from data.scenario import DEFAULT_SEED
from data.scenario.geography import Geography, make_geography, write_grids
from data.scenario.orders import FEED_ROWS, ROUNDS, infection_rows, result_rows, zone_rows
from data.scenario.population import Population, settle
from data.scenario.sites import Sites, place
from data.scenario.workforce import Staff, hire


@dataclass(frozen=True)
class District:
    """Everything that exists before anything happens."""

    geography: Geography
    population: Population
    sites: Sites
    staff: Staff
    scale: float


def check_scale(scale: float) -> None:
    """Raises WanggeError when the district cannot be built at this share of its residents."""
    if not 0.005 <= scale <= 4:
        raise WanggeError(f"The scenario cannot be built at scale {scale}.", "Choose a scale between 0.005 and 4.")


def make_district(seed: int = DEFAULT_SEED, scale: float = 1.0) -> District:
    """The district for a seed: the same map for every seed, other people."""
    check_scale(scale)
    rng = np.random.default_rng([seed, 1])
    geography = make_geography()
    population = settle(geography, scale, rng)
    staff = hire(geography, population.residents_by_grid(len(geography.grids)), scale, rng)
    return District(geography, population, place(geography, population, scale), staff, scale)


def write_reference(
    out_dir: Path, seed: int = DEFAULT_SEED, scale: float = 1.0, district: District | None = None
) -> District:
    """Writes every reference file, from feeds to results of rounds, into `out_dir`; returns what they hold."""
    district = district or make_district(seed, scale)
    geography, people, sites, staff = district.geography, district.population, district.sites, district.staff
    out_dir.mkdir(parents=True, exist_ok=True)
    _write(
        out_dir / "feeds.csv",
        ("feed_code", "feed_name", "feed_name_en", "kind", "town_code", "silent_after_min"),
        FEED_ROWS,
    )
    write_grids(geography, out_dir / "grids.geojson")
    codes = np.array([grid.code for grid in geography.grids], dtype=object)
    _write_columns(
        out_dir / "buildings.csv",
        building_code=people.building_code,
        building_name=people.building_name,
        building_name_en=people.building_name_en,
        grid_code=codes[people.building_grid],
        lon=people.building_lonlat[:, 0],
        lat=people.building_lonlat[:, 1],
        radius_m=people.building_radius_m,
    )
    _write_columns(
        out_dir / "households.csv",
        household_code=people.household_code,
        building_code=people.building_code[people.household_building],
        resident_count=people.household_size,
        vulnerable_count=people.household_vulnerable,
    )
    _write_columns(
        out_dir / "sites.csv",
        site_code=sites.code,
        site_name=sites.name,
        site_name_en=sites.name_en,
        grid_code=codes[sites.grid],
        lon=sites.lonlat[:, 0],
        lat=sites.lonlat[:, 1],
        feed_code=sites.feed,
        unit_count=sites.unit_count,
        is_sampling_reported=sites.is_sampling_reported,
        leader_staff_code=sites.leader,
        party_branch_name=sites.party_branch,
    )
    _write_columns(
        out_dir / "staff.csv",
        staff_code=staff.code,
        role=staff.role,
        origin=staff.origin,
        town_code=staff.town_code,
        community_code=staff.community_code,
        grid_code=np.append(codes, "")[staff.grid],
        stand_in_staff_code=staff.stand_in,
        organisation_name=staff.organisation,
    )
    _write(
        out_dir / "rounds.csv",
        (
            "round_code",
            "round_name",
            "round_name_en",
            "scope",
            "community_codes",
            "starts_at",
            "deadline_at",
            "closes_at",
        ),
        [
            (
                r.code,
                r.name,
                r.name_en,
                r.scope,
                ";".join(r.community_codes),
                _text(r.starts_at),
                _text(r.deadline_at),
                _text(r.closes_at),
            )
            for r in ROUNDS
        ],
    )
    _write(
        out_dir / "zones.csv",
        (
            "order_code",
            "zone_code",
            "zone_name",
            "zone_name_en",
            "level",
            "extent_kind",
            "extent_codes",
            "issued_at",
            "effective_at",
            "ends_at",
            "party_branch_name",
            "recorded_at",
        ),
        zone_rows(geography, people),
    )
    _write(
        out_dir / "infections.csv",
        ("infection_code", "found_at", "reported_at", "place_kind", "place_code", "lon", "lat"),
        infection_rows(people),
    )
    _write(
        out_dir / "round_results.csv",
        ("round_code", "place_kind", "place_code", "is_all_negative", "reported_at"),
        result_rows(),
    )
    return district


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_columns(path: Path, **columns: Sequence[object] | np.typing.NDArray[np.generic]) -> None:
    """A CSV from equally long columns of which no cell needs quotes."""
    table = pa.table({name: pa.array(column) for name, column in columns.items()})
    path.write_bytes(",".join(columns).encode() + b"\n")
    with path.open("ab") as file:
        pyarrow.csv.write_csv(table, file, pyarrow.csv.WriteOptions(include_header=False, quoting_style="none"))
