"""What a bundle may hold: its tables, how rounds and a period choose their rows, and what never leaves the house.

Every table has the name and the columns that analysts know from the sandbox, never more of either.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """A table of a bundle, and how it comes out of the situation or the rows."""

    name: str
    order: str = "all"
    at: str = ""
    """The column that a period chooses rows by; "" where it chooses none."""
    has_rounds: bool = False
    """Whether `round_code` chooses rows."""
    last_before: str = ""
    """Columns of which the last row before a period is kept too: who is on duty when it begins follows from it."""
    rekeyed: dict[str, str] = field(default_factory=dict)
    """Columns that get values of this bundle alone, each with what it names."""
    withheld: dict[str, str] = field(default_factory=dict)
    """Columns that never leave, each with the reason."""
    shape: tuple[str, str] | None = None
    """The kind of outline that its rows have, and the column that names it: `geometry_wkb` is added."""
    on_request: bool = False
    """Only there when it is named."""


ADDRESS = "it names the house: with it a household would have an address. The grid is the finest place"
TABLES: tuple[Table, ...] = (
    Table("district", shape=("district", "''")),
    Table("town", shape=("town", "town_code")),
    Table("community", shape=("community", "community_code")),
    Table("grid", shape=("grid", "grid_code")),
    Table("building"),
    Table(
        "household",
        rekeyed={"household_code": "household"},
        withheld={"building_code": ADDRESS},
    ),
    Table("site", rekeyed={"leader_staff_code": "staff"}),
    Table("staff", rekeyed={"staff_code": "staff", "stand_in_staff_code": "staff"}),
    Table("round", has_rounds=True),
    Table("round_grid", has_rounds=True),
    Table("zone_order", withheld={"recorded_by": "it names who recorded an order"}),
    Table("zone_extent"),
    Table("zone_member"),
    Table("zone_place"),
    Table("zone_rule"),
    Table("round_result", has_rounds=True),
    Table(
        "infection",
        on_request=True,
        withheld={
            "building_code": "it leads to a sick person's door",
            "place_code": "it leads to a sick person's door",
            "place_kind": "it says nothing without place_code",
        },
    ),
    Table("feed"),
    Table("feed_state"),
    Table("quarantine_count"),
    Table("erasure"),
    Table("erased_round", has_rounds=True),
    Table("feed_bucket", at="bucket_start_at"),
    Table("whistle", at="raised_at"),
    Table("unit_event", at="event_at", last_before="site_code, unit_no"),
    Table(
        "staff_event",
        order="event_at, staff_code, event, post_kind, post_code",
        at="event_at",
        last_before="staff_code",
        rekeyed={"staff_code": "staff"},
    ),
    Table("site_bucket", order="bucket_start_at, site_code, channel", at="bucket_start_at"),
    Table("round_unit", has_rounds=True),
    Table("grid_bucket", order="bucket_start_at, grid_code, round_code", at="bucket_start_at", has_rounds=True),
    Table(
        "registration",
        order="site_code, registered_at, person_token",
        at="registered_at",
        has_rounds=True,
        rekeyed={"person_token": "person", "household_code": "household", "tube_code": "tube"},
    ),
)
BY_NAME = {table.name: table for table in TABLES}
ROWS = "registration"
"""The table of single registrations; the others are small."""
NEVER = (
    ("registration_version, withdrawal", "registration says what their lines say together"),
    ("whistle_version, zone_order_version, zone_order_history", "whistle and zone_order say what they say together"),
    ("first_seen", "it follows from registration: a person is of the grid of the first registration in a round"),
    ("quarantine, quarantine_release, ingest_file", "they hold masked cells and names of files; quarantine_count has the sums"),
    ("geometry", "the outlines are in district, town, community and grid as geometry_wkb"),
    ("lake_file, meta", "where files lie in the house; what counts of meta is in the manifest"),
)  # fmt: skip
"""What a bundle does not hold, and why."""
REKEYED_DESCRIPTIONS = {
    "person": ("a person, by a token of this bundle alone", "人员，本数据包专用标记"),
    "household": ("a household, by a code of this bundle alone", "住户，本数据包专用代码"),
    "tube": (
        "a tube, by a code of this bundle alone: people of one pool share it",
        "试管，本数据包专用代码，混采人员相同",
    ),
    "staff": ("a member of staff, by a code of this bundle alone", "工作人员，本数据包专用代码"),
}
"""What is said of codes that are made anew, in English and Chinese."""
KEPT_PERSON = ("a person, by the token that the lake has too", "人员，与数据湖相同的标记")
GEOMETRY_COLUMN = "geometry_wkb"
GEOMETRY_DESCRIPTION = ("outline as well-known binary, EPSG:4326, lon first", "边界（WKB，EPSG:4326，经度在前）")
DISTRICT_DESCRIPTION = ("The district with its outline", "本区及其边界")
