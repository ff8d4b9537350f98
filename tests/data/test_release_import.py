"""Rules, infections and results of rounds: what is taken, what a refusal says, and what of a person is never kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data.errors import ReferenceFileError
from data.lake import open_lake
from data.publication import RULES_FILE
from data.reference_import import import_reference
from data.settings import Settings
from data.situation import open_situation
from tests.data.small_district import make_district

RULES = """\
rule_set_code,rule_set_name,valid_from,level,came_from_level,clear_days,round_days,next_level,source
OWN,本区规则,2022-07-01 00:00:00,高,,7,4;7,中,通告
OWN,本区规则,2022-07-01 00:00:00,medium,high,3,,low,通告
"""
INFECTIONS = """\
病例编号,发现时间,上报时间,位置类别,位置编号,经度,纬度
I-1,2022-07-09 15:40:00,,楼栋,B1,,
I-2,2022-07-10 08:00:00,2022-07-10 20:00:00,,,113.00501,22.50501
I-3,2022-07-10 09:00:00,,,,113.0289,22.501
"""
RESULTS = """\
round_code,place_kind,place_code,is_all_negative,reported_at
M,zone,Z1,true,2022-07-14 20:00:00
D,district,,,
"""


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_district(Settings(home=tmp_path_factory.mktemp("district")))


def write(folder: Path, text: str) -> Path:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return path


def situation_rows(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    situation = open_situation(settings.situation_path)
    try:
        return situation.connection.execute(statement).fetchall()
    finally:
        situation.close()


def refusal_of(settings: Settings, kind: str, path: Path) -> list[str]:
    with pytest.raises(ReferenceFileError) as caught:
        import_reference(settings, kind, path)
    return [line.strip() for line in str(caught.value).splitlines()[1:-1]]


COLUMNS = "rule_set_code, level, came_from_level, clear_days, round_days, day_one, next_level, valid_from"


def test_the_published_rules_hold_until_a_district_brings_its_own(district: Settings, tmp_path: Path) -> None:
    statement = f"select {COLUMNS} from zone_rule order by sort_order"
    published = situation_rows(district, statement)
    assert [row[:5] for row in published] == [
        ("CN-9", "high", None, 7, [7]),
        ("CN-9", "medium", None, 7, [7]),
        ("CN-9", "medium", "high", 3, []),
        ("CN-20", "high", None, 5, []),
    ]
    import_reference(district, "zone_rules", RULES_FILE)
    assert situation_rows(district, statement) == published
    import_reference(district, "zone_rules", write(tmp_path, RULES))
    assert [row[:6] for row in situation_rows(district, statement)] == [
        ("OWN", "high", None, 7, [4, 7], "same_day"),
        ("OWN", "medium", "high", 3, [], "same_day"),
    ]


def test_infections_are_placed_as_deep_as_it_is_known_and_results_kept(district: Settings, tmp_path: Path) -> None:
    summary = import_reference(district, "infections", write(tmp_path, INFECTIONS))
    assert summary.notes == ("2 infections have a point only; its building was found by it, else its grid.",)
    found = "select infection_code, place_kind, building_code, grid_code, community_code, reported_at - found_at from infection"
    assert [(*row[:5], row[5].seconds) for row in situation_rows(district, f"{found} order by all")] == [
        ("I-1", "building", "B1", "G1", "C1", 0),
        ("I-2", "building", "B1", "G1", "C1", 43200),
        ("I-3", "grid", None, "G3", "C2", 0),
    ]
    import_reference(district, "round_results", write(tmp_path, RESULTS))
    kept = "select round_code, place_kind, place_code, is_all_negative from round_result order by all"
    assert situation_rows(district, kept) == [("D", "district", None, None), ("M", "zone", "Z1", True)]


def test_wrong_rules_are_refused_with_every_reason(district: Settings, tmp_path: Path) -> None:
    text = (
        "rule_set_code,rule_set_name,valid_from,level,came_from_level,clear_days,round_days,next_level,source\n"
        "A,甲,2022-07-01 00:00:00,high,,7,8,medium,通告\n"
        "A,乙,2022-07-02 00:00:00,high,,7,7,high,通告\n"
        "A,甲,2022-07-01 00:00:00,medium,low,x,七,low,\n"
        "B,丙,2022-07-01 00:00:00,high,,99,,low,通告\n"
    )
    assert refusal_of(district, "zone_rules", write(tmp_path, text)) == [
        "line 2, round_days 核酸日: '8'; expected days from 1 to clear_days, separated by ;",
        "line 3, rule_set_name: '乙'; expected 甲, as in the first record of rule set A",
        "line 3, valid_from: '2022-07-02 00:00:00'; expected 2022-07-01 00:00:00, as in the first record of rule set A",
        "line 3, level 等级: 'high'; this rule stands in an earlier record already; "
        "expected each level (and came_from_level) once in a rule set",
        "line 3, next_level 降为: 'high'; expected a level below high",
        "line 4, clear_days 无新增天数: 'x'; expected a whole number from 0 to 60",
        "line 4, source 依据: empty; expected a text",
        "line 4, came_from_level 原等级: 'low'; expected a level above medium",
        "line 4, round_days 核酸日: '七'; expected days from 1 to clear_days, separated by ;",
        "line 5, clear_days 无新增天数: '99'; expected a whole number from 0 to 60",
        "line 5, valid_from 施行时间: '2022-07-01 00:00:00'; rule set A has the same time; only one can hold",
    ]


def test_wrong_infections_are_refused_and_nothing_of_a_person_is_repeated(district: Settings, tmp_path: Path) -> None:
    text = (
        "infection_code,found_at,reported_at,place_kind,place_code,lon,lat\n"
        "张三,2022-07-09 15:40:00,,building,B1,,\n"
        "19900000001,2022-07-09 15:40:00,,building,B1,,\n"
        "990101195003070017,2022-07-09 15:40:00,,building,B1,,\n"
        "I-1,2022-07-09 15:40:00,2022-07-09 12:00:00,building,B9,,\n"
        "I-1,2022-07-09 15:40:00,,,,,\n"
        "I-2,2022-07-09 15:40:00,,,,100,22\n"
    )
    said = refusal_of(district, "infections", write(tmp_path, text))
    assert said == [
        *(
            f"line {line}, infection_code 病例编号: expected a case number: letters, digits, - and _, "
            "at most ten digits on end; never a person's name or number"
            for line in (2, 3, 4)
        ),
        "line 5, place_code 位置编号: 'B9'; expected the code of a building that was imported before",
        "line 5, reported_at 上报时间: '2022-07-09 12:00:00'; expected not before found_at 2022-07-09 15:40:00",
        "line 6, infection_code: this code stands in an earlier record already; expected each once",
        "line 6, place_kind 位置类别: empty; expected a place_kind with a place_code, or lon and lat",
        "line 7, lon, lat 经度、纬度: '100.0, 22.0'; this point lies in no grid",
    ]
    with open_lake(district) as lake:
        columns = lake.connection.execute("select column_name from duckdb_columns() where table_name = 'infection'")
        assert {row[0] for row in columns.fetchall()} == {
            "infection_code", "found_at", "reported_at", "place_kind", "place_code", "lon", "lat",
        }  # fmt: skip


def test_wrong_results_are_refused_with_every_reason(district: Settings, tmp_path: Path) -> None:
    text = (
        "round_code,place_kind,place_code,is_all_negative,reported_at\n"
        "X,zone,Z1,true,2022-07-14 20:00:00\n"
        "M,zone,Z9,true,2022-07-14 20:00:00\n"
        "M,zone,,true,\n"
        "M,district,Z1,false,2022-07-13 20:00:00\n"
        "M,grid,G1,,\n"
        "M,grid,G1,,\n"
    )
    assert refusal_of(district, "round_results", write(tmp_path, text)) == [
        "line 2, round_code 轮次编号: 'X'; expected the code of a round that was imported before",
        "line 3, place_code 范围编号: 'Z9'; expected the code of a zone that was imported before",
        "line 4, place_code 范围编号: empty; expected a code; only the district needs none",
        "line 4, reported_at 报告时间: empty; expected a time, as the result is known",
        "line 5, place_code 范围编号: 'Z1'; expected empty: the district has no code",
        "line 5, reported_at 报告时间: '2022-07-13 20:00:00'; expected after the round begins, 2022-07-14 07:00",
        "line 7, round_code 轮次编号: 'M'; the result of this round and place at this time stands in an earlier record "
        "already; a later result has a later reported_at",
    ]
