"""Queries that a bundle's README shows: those that the tables and columns in it can answer, three of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

COUNT = 3


@dataclass(frozen=True)
class Example:
    """A query, in words and in SQL; tables stand in braces, `$zone` for the district's."""

    zh: str
    en: str
    needs: Mapping[str, str]
    text: str

    def title(self, language: str) -> str:
        return self.zh if language == "zh" else self.en

    def statement(self, is_folder: bool, zone: str) -> str:
        """The SQL, over the files of a folder or the tables of a DuckDB file."""
        return re.sub(r"\{(\w+)\}", r"'\1.parquet'" if is_folder else r'"\1"', self.text).replace("$zone", f"'{zone}'")


EXAMPLES = (
    Example(
        "各轮次、各镇街登记和采样人数",
        "People registered and sampled by round and town",
        {
            "registration": "person_token sampled_at grid_code round_code", "grid": "grid_code town_code",
            "town": "town_code town_name",
        },
        "select r.round_code, t.town_name, count(distinct r.person_token) as registered,\n"
        "    count(distinct r.person_token) filter (r.sampled_at is not null) as sampled\n"
        "from {registration} as r\n"
        "join {grid} as g on g.grid_code = r.grid_code\n"
        "join {town} as t on t.town_code = g.town_code\n"
        "group by all\norder by all",
    ),
    Example(
        "各采样点等候分钟数的中位数和九成位",
        "Minutes waited at each site: the median and nine in ten",
        {"registration": "site_code registered_at sampled_at", "site": "site_code site_name"},
        "select s.site_name, count(*) as people,\n"
        "    round(median(epoch(r.sampled_at - r.registered_at)) / 60, 1) as median_min,\n"
        "    round(quantile_cont(epoch(r.sampled_at - r.registered_at), 0.9) / 60, 1) as p90_min\n"
        "from {registration} as r\n"
        "join {site} as s on s.site_code = r.site_code\n"
        "where r.sampled_at is not null\n"
        "group by all\norder by median_min desc, site_name",
    ),
    Example(
        "覆盖率最低的十个网格",
        "The ten grids with the lowest coverage",
        {
            "grid_bucket": "round_code grid_code covered_person_count", "round_grid": "round_code grid_code target_count",
            "grid": "grid_code grid_name",
        },
        "with covered as (\n"
        "    select round_code, grid_code, sum(covered_person_count) as people from {grid_bucket} group by all\n)\n"
        "select t.round_code, g.grid_name, t.target_count, coalesce(c.people, 0) as covered,\n"
        "    round(100.0 * coalesce(c.people, 0) / t.target_count, 1) as coverage_pct\n"
        "from {round_grid} as t\n"
        "join {grid} as g on g.grid_code = t.grid_code\n"
        "left join covered as c on c.round_code = t.round_code and c.grid_code = t.grid_code\n"
        "where t.target_count > 0\n"
        "order by coverage_pct, t.round_code, g.grid_name\nlimit 10",
    ),
    Example(
        "每小时登记和采样人次",
        "Registrations and samplings in each hour",
        {"site_bucket": "bucket_start_at registered_count sampled_count"},
        "select strftime(date_trunc('hour', bucket_start_at at time zone $zone), '%m-%d %H:%M') as hour,\n"
        "    sum(registered_count) as registered, sum(sampled_count) as sampled\n"
        "from {site_bucket}\ngroup by all\norder by all",
    ),
    Example(
        "各镇街的网格数和居民数",
        "Grids and residents by town",
        {"grid": "town_code resident_count"},
        "select town_code, count(*) as grids, sum(resident_count) as residents\nfrom {grid}\ngroup by all\norder by all",
    ),
    Example(
        "采样点名单", "The sites", {"site": "site_code"}, "select *\nfrom {site}\norder by site_code",
    ),
)  # fmt: skip


def choose_examples(columns: Mapping[str, Sequence[str]]) -> list[Example]:
    """The first three that these tables and columns can answer; where there are fewer, a look at each table."""
    able = [
        example
        for example in EXAMPLES
        if all(set(needed.split()) <= set(columns.get(table, ())) for table, needed in example.needs.items())
    ]
    looks = [
        Example(f"看一看 {name}", f"A look at {name}", {}, f"select *\nfrom {{{name}}}\nlimit 10") for name in columns
    ]
    return [*able, *looks][:COUNT]
