"""The scenario's dirt, counted: what the manifest says was written is what ingest accepts, corrects, doubts and refuses."""

from __future__ import annotations

import json
from typing import Any

from data.settings import Settings
from tests.data.small_district import lake_rows, rows


def read_manifest(settings: Settings) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((settings.scenario_dir / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def test_every_line_written_is_accepted_corrected_duplicate_or_quarantined_as_the_manifest_says(
    small_world: Settings,
) -> None:
    found = {
        kind: {"accepted": accepted, "corrected": corrected, "duplicate": duplicate, "files": files, "written": written}
        for kind, files, accepted, corrected, duplicate, written in lake_rows(
            small_world,
            "select log_kind, count(*), sum(accepted_count), sum(corrected_count), sum(duplicate_count), sum(row_count)"
            " from lake.ingest_file group by log_kind",
        )
    }
    logs = read_manifest(small_world)["logs"]
    assert found == {
        kind: {name: figure for name, figure in told.items() if name != "quarantined"} for kind, told in logs.items()
    }


def test_every_kind_of_bad_line_is_quarantined_for_its_own_reason(small_world: Settings) -> None:
    expected = {
        (kind, reason, count)
        for kind, told in read_manifest(small_world)["logs"].items()
        for reason, count in told["quarantined"].items()
    }
    assert (
        set(lake_rows(small_world, "select log_kind, reason, count(*) from lake.quarantine group by all")) == expected
    )
    assert (
        set(rows(small_world, "select log_kind, reason, sum(row_count)::bigint from quarantine_count group by all"))
        == expected
    )


def test_the_lake_holds_as_many_registrations_and_events_as_were_accepted(small_world: Settings) -> None:
    logs = read_manifest(small_world)["logs"]
    for name in ("registration", "staff_event", "whistle", "unit_event"):
        assert lake_rows(small_world, f"select count(*) from lake.{name}") == [(logs[name]["accepted"],)]


def test_the_roll_ups_of_the_scenario_agree_with_its_rows(small_world: Settings) -> None:
    persons = "select round_code, grid_code, count(*), count(covered_at) from lake.first_seen group by all order by all"
    assert lake_rows(small_world, persons) == rows(
        small_world,
        "select round_code, grid_code, sum(registered_person_count), sum(covered_person_count) from grid_bucket"
        " group by all having sum(registered_person_count) > 0 order by all",
    )
    waits = (
        "select site_code, channel, count(*), count(sampled_at), coalesce(sum(epoch(sampled_at) - epoch(registered_at)), 0)"
        " from lake.registration group by all order by all"
    )
    assert lake_rows(small_world, waits) == rows(
        small_world,
        "select site_code, channel, sum(registered_count), sum(sampled_count), sum(wait_s_sum) from site_bucket group by all order by all",
    )
