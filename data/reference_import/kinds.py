"""What a reference file of each kind may hold: columns, types, vocabularies and what refers to what.

The code twin of data/FORMATS.md. Knows no file and no database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from data.settings import INBOX_FOLDERS

FieldType = Literal["text", "integer", "number", "time", "boolean", "list"]

ROLES = {
    "street_leader": "街道领导",
    "community_cadre": "社区干部",
    "grid_leader": "网格长",
    "full_time": "专职网格员",
    "part_time": "兼职网格员",
    "volunteer": "志愿者",
    "commando": "突击队员",
    "medic": "医务人员",
}
ORIGINS = {
    "community": "社区",
    "new_recruit": "新招聘",
    "private_firm": "两新组织",
    "retired_cadre": "银龄",
    "city": "市",
    "district": "区",
    "hospital": "医院",
}
BOOLEANS = {"true": "是", "false": "否"}


@dataclass(frozen=True)
class Field:
    """A column: its two headers, its type, and what its values must be. `refers_to` is `table.column` of the lake."""

    name: str
    name_zh: str
    type: FieldType = "text"
    is_required: bool = False
    words: dict[str, str] = field(default_factory=dict)
    at_least: float | None = None
    at_most: float | None = None
    default: str | None = None
    refers_to: str | None = None
    pattern: str | None = None
    pattern_words: str = ""
    reserved: tuple[str, ...] = ()
    is_private: bool = False
    """Whether a wrong cell may hold what names a person: then a refusal does not repeat it."""
    is_cell_optional: bool = False
    """A required column whose cells may be empty where the kind's own rules allow it."""

    @property
    def is_code(self) -> bool:
        """Whether its values are codes, every digit of which counts."""
        return self.type == "text" and self.name.endswith("_code")

    @property
    def expected(self) -> str:
        """What a cell of this column should hold, in words."""
        if self.words:
            return "one of " + ", ".join(f"{english} {chinese}" for english, chinese in self.words.items())
        if self.pattern_words:
            return self.pattern_words
        words = {
            "text": "a text",
            "integer": "a whole number",
            "number": "a number",
            "time": "a time such as 2022-07-14 08:40:24",
            "boolean": "true or false (是 or 否)",
            "list": "codes separated by ;",
        }[self.type]
        if self.at_least is not None and self.at_most is not None:
            return f"{words} from {self.at_least:g} to {self.at_most:g}"
        return words if self.at_least is None else f"{words}, {self.at_least:g} or more"


@dataclass(frozen=True)
class Kind:
    """A kind of reference file, and the table that it fills."""

    name: str
    table: str
    key: str
    """The column that tells its rows apart; empty where several do, and a rule of `check` compares them."""
    fields: tuple[Field, ...]
    shape: Literal["none", "area", "outline", "point", "extent"] = "none"
    """What a map file of it holds: areas it cannot do without, outlines it may have, points (or footprints), the extents
    of orders."""
    is_optional: bool = False
    """Whether a district can do without a file of it."""


def _code(name: str, name_zh: str, *, required: bool = True, refers_to: str | None = None) -> Field:
    return Field(name, name_zh, is_required=required, refers_to=refers_to)


def _names(stem: str, zh: str, zh_en: str, required_en: bool = False) -> tuple[Field, Field]:
    return Field(f"{stem}_name", zh, is_required=True), Field(f"{stem}_name_en", zh_en, is_required=required_en)


def _optional_names(stem: str, zh: str, zh_en: str) -> tuple[Field, Field]:
    return Field(f"{stem}_name", zh), Field(f"{stem}_name_en", zh_en)


_LON = Field("lon", "经度", "number", True, at_least=-180, at_most=180)
_LAT = Field("lat", "纬度", "number", True, at_least=-90, at_most=90)
_PARTY_BRANCH = Field("party_branch_name", "临时党支部")

FEEDS = Kind(
    "feeds",
    "feed",
    "feed_code",
    (
        Field(
            "feed_code",
            "数据源编号",
            is_required=True,
            pattern="[A-Za-z0-9_-]+",
            pattern_words=f"letters, digits, - and _ (it names a folder; {', '.join(INBOX_FOLDERS)} are the inbox's own)",
            reserved=INBOX_FOLDERS,
        ),
        *_names("feed", "数据源名称", "英文名称"),
        Field("kind", "类别", is_required=True, words={"registrations": "登记", "staff": "签到", "orders": "风险区令"}),
        _code("town_code", "镇街编号", required=False),
        Field("silent_after_min", "静默分钟", "number", at_least=0),
    ),
)
TOWNS = Kind(
    "towns",
    "town",
    "town_code",
    (_code("town_code", "镇街编号"), *_names("town", "镇街名称", "镇街英文名")),
    shape="outline",
    is_optional=True,
)
COMMUNITIES = Kind(
    "communities",
    "community",
    "community_code",
    (
        _code("community_code", "社区编号"),
        *_names("community", "社区名称", "社区英文名"),
        _code("town_code", "镇街编号"),
        *_optional_names("town", "镇街名称", "镇街英文名"),
    ),
    shape="outline",
    is_optional=True,
)
GRIDS = Kind(
    "grids",
    "grid",
    "grid_code",
    (
        _code("grid_code", "网格编号"),
        *_names("grid", "网格名称", "网格英文名"),
        _code("community_code", "社区编号"),
        *_optional_names("community", "社区名称", "社区英文名"),
        _code("town_code", "镇街编号", required=False),
        *_optional_names("town", "镇街名称", "镇街英文名"),
        Field("has_party_organisation", "是否有网格党组织", "boolean"),
        Field("is_synthetic", "是否示意", "boolean", default="false"),
    ),
    shape="area",
)
BUILDINGS = Kind(
    "buildings",
    "building",
    "building_code",
    (
        _code("building_code", "楼栋编号"),
        *_names("building", "楼栋名称", "英文名称"),
        _code("grid_code", "网格编号", required=False, refers_to="grid.grid_code"),
        _LON,
        _LAT,
        Field("radius_m", "半径", "number", at_least=0, default="15"),
    ),
    shape="point",
)
HOUSEHOLDS = Kind(
    "households",
    "household",
    "household_code",
    (
        _code("household_code", "户编号"),
        _code("building_code", "楼栋编号", refers_to="building.building_code"),
        Field("resident_count", "常住人数", "integer", True, at_least=0),
        Field("vulnerable_count", "重点人群人数", "integer", at_least=0),
    ),
)
SITES = Kind(
    "sites",
    "site",
    "site_code",
    (
        _code("site_code", "采样点编号"),
        *_names("site", "采样点名称", "英文名称"),
        _code("grid_code", "网格编号", required=False, refers_to="grid.grid_code"),
        _LON,
        _LAT,
        _code("feed_code", "数据源编号", refers_to="feed.feed_code"),
        Field("unit_count", "采样单元数", "integer", True, at_least=1, at_most=99),
        Field("is_sampling_reported", "是否上报采样时间", "boolean", default="true"),
        _code("leader_staff_code", "负责人工号", required=False),
        _PARTY_BRANCH,
    ),
    shape="point",
)
STAFF = Kind(
    "staff",
    "staff",
    "staff_code",
    (
        _code("staff_code", "工号"),
        Field("role", "角色", is_required=True, words=ROLES),
        Field("origin", "来源", words=ORIGINS),
        _code("town_code", "镇街编号", required=False, refers_to="town.town_code"),
        _code("community_code", "社区编号", required=False, refers_to="community.community_code"),
        _code("grid_code", "网格编号", required=False, refers_to="grid.grid_code"),
        _code("stand_in_staff_code", "AB角工号", required=False),
        Field("organisation_name", "所属党组织"),
    ),
)
ROUNDS = Kind(
    "rounds",
    "round",
    "round_code",
    (
        _code("round_code", "轮次编号"),
        *_names("round", "轮次名称", "英文名称"),
        Field("scope", "范围", is_required=True, words={"district": "全员", "community": "社区"}),
        Field("community_codes", "社区编号", "list"),
        Field("starts_at", "开始时间", "time", True),
        Field("deadline_at", "截止时间", "time", True),
        Field("closes_at", "关闭时间", "time"),
    ),
)
LEVELS = {"high": "高", "medium": "中", "low": "低"}
EXTENT_KINDS = {"building": "楼栋", "community": "社区", "grid": "网格", "polygon": "多边形"}
ZONES = Kind(
    "zones",
    "zone_order",
    "order_code",
    (
        _code("order_code", "指令编号"),
        Field("zone_code", "风险区编号", is_required=True, is_cell_optional=True),
        Field("zone_name", "风险区名称", is_required=True, is_cell_optional=True),
        Field("zone_name_en", "英文名称"),
        Field("level", "等级", is_required=True, is_cell_optional=True, words=LEVELS | {"lifted": "解除"}),
        Field("extent_kind", "范围类别", words=EXTENT_KINDS),
        Field("extent_codes", "范围编号", "list"),
        Field("radius_m", "半径", "number", at_least=1, at_most=100_000),
        Field("issued_at", "发布时间", "time"),
        Field("effective_at", "生效时间", "time", True, is_cell_optional=True),
        Field("ends_at", "失效时间", "time"),
        _code("replaces_order_code", "替代指令编号", required=False),
        _PARTY_BRANCH,
        Field("recorded_at", "记录时间", "time"),
        Field("is_withdrawn", "撤销", "boolean", default="false"),
    ),
    shape="extent",
)

INFECTIONS = Kind(
    "infections",
    "infection",
    "infection_code",
    (
        Field(
            "infection_code",
            "病例编号",
            is_required=True,
            # no run of digits as long as a telephone or identity number
            pattern="[0-9]{0,10}([A-Za-z_-]+[0-9]{0,10})*",
            pattern_words="a case number: letters, digits, - and _, at most ten digits on end; never a person's name or number",
            is_private=True,
        ),
        Field("found_at", "发现时间", "time", True),
        Field("reported_at", "上报时间", "time"),
        Field("place_kind", "位置类别", words={"building": "楼栋", "grid": "网格", "community": "社区"}),
        _code("place_code", "位置编号", required=False),
        Field("lon", "经度", "number", at_least=-180, at_most=180),
        Field("lat", "纬度", "number", at_least=-90, at_most=90),
    ),
    is_optional=True,
)
ROUND_RESULTS = Kind(
    "round_results",
    "round_result",
    "",
    (
        _code("round_code", "轮次编号", refers_to="round.round_code"),
        Field(
            "place_kind",
            "范围类别",
            is_required=True,
            words={"zone": "风险区", "building": "楼栋", "grid": "网格", "community": "社区", "district": "全区"},
        ),
        _code("place_code", "范围编号", required=False),
        Field("is_all_negative", "是否全部阴性", "boolean"),
        Field("reported_at", "报告时间", "time"),
    ),
    is_optional=True,
)
ZONE_RULES = Kind(
    "zone_rules",
    "zone_rule",
    "",
    (
        _code("rule_set_code", "规则编号"),
        *_names("rule_set", "规则名称", "英文名称"),
        Field("valid_from", "施行时间", "time", True),
        Field("level", "等级", is_required=True, words=LEVELS),
        Field("came_from_level", "原等级", words=LEVELS),
        Field("clear_days", "无新增天数", "integer", True, at_least=0, at_most=60),
        Field("round_days", "核酸日", "list"),
        Field("day_one", "第一天", words={"same_day": "当日", "next_day": "次日"}, default="same_day"),
        Field("next_level", "降为", is_required=True, words=LEVELS | {"none": "解除"}),
        Field("source", "依据", is_required=True),
        Field("source_en", "英文依据"),
    ),
    is_optional=True,
)

KINDS = {
    kind.name: kind
    for kind in (
        *(FEEDS, TOWNS, COMMUNITIES, GRIDS, BUILDINGS, HOUSEHOLDS, SITES, STAFF, ROUNDS, ZONES),
        *(ZONE_RULES, INFECTIONS, ROUND_RESULTS),
    )
}
"""Every kind by name, in the order in which a district is to be imported: each refers to those before it."""
