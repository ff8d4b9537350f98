"""Every escape and every bomb of the corpus ends as it must: alone against the gate, and against the other layers without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from data.ingest import ingest_paths
from data.sandbox import Limits, Query, Sandbox, SandboxError
from data.sandbox.kernel import find_missing
from data.sandbox.layers import ENGINE, GATE, LANDLOCK, PRIVILEGES, SECCOMP
from data.settings import Settings
from tests.data.escape_cases import Case, misses, read_cases
from tests.data.small_district import ADA, BO, CAI, DI, NAME, PHONE, STORY, copy_of, write_log

QUICK_S, PATIENT_S = 0.15, 20.0
"""A bomb's time here, where it is enough that it is stopped; and that of what must end by itself, on a busy machine."""
NOT_BOMBS = ("catalogue", "files", "functions", "identities", "pivots", "statements", "tricks")


@pytest.fixture(scope="module")
def district(empty_district: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A district with registrations, and a sandbox of small limits."""
    settings = copy_of(empty_district, tmp_path_factory.mktemp("escapes") / "home")
    ingest_paths(settings, [write_log(settings.inbox_dir / "baisha" / "a.csv", STORY)])
    return Settings(home=settings.home, sandbox_memory_bytes=400_000_000, sandbox_queue=1000)


@pytest.fixture(scope="module")
def sandbox(district: Settings) -> Iterator[Sandbox]:
    with Sandbox(district) as opened:
        assert opened.is_on, f"this system lacks {opened.missing}"
        yield opened


def run_all(sandbox: Sandbox, cases: Sequence[Case], bomb_s: float = QUICK_S) -> list[tuple[Case, Query]]:
    """All cases at once, as many as may run together; those that must be stopped get little time."""
    started = []
    for case in cases:
        is_stopped = case.outcome == "contained" and not case.words & {"answer", "cut"}
        limits = Limits(
            bomb_s if is_stopped or (case.file == "bombs" and case.outcome == "contained") else PATIENT_S,
            1000,
            5_000_000,
        )
        started.append((case, sandbox.submit(case.text, "tester", limits)))
    for _, query in started:
        query.wait()
    return started


def word_of(query: Query) -> str:
    return (
        query.error.word if isinstance(query.error, SandboxError) else type(query.error).__name__ if query.error else ""
    )


def missed(started: Sequence[tuple[Case, Query]], also: frozenset[str] = frozenset()) -> list[str]:
    found = []
    for case, query in started:
        words = case.words | also if case.outcome == "contained" and case.words else case.words
        known = Case(case.file, case.name, case.outcome, words, case.text)
        found.append(misses(known, query.progress().state, word_of(query), query.cut_by))
    return [one for one in found if one]


def test_the_corpus_holds_four_hundred_cases_each_under_a_name_of_its_own() -> None:
    cases = read_cases()
    assert len(cases) >= 400
    assert len({(case.file, case.name) for case in cases}) == len(cases)


def test_every_escape_is_refused_with_its_reason_and_tells_no_path(sandbox: Sandbox, district: Settings) -> None:
    started = run_all(sandbox, read_cases(*NOT_BOMBS))
    assert missed(started, frozenset({"time"})) == []
    for case, query in started:
        said = str(query.error or "")
        assert str(district.home) not in said and str(Path(__file__).parents[2]) not in said, case.name
        if query.error and query.error.word in ("statement", "file", "table function", "function", "catalogue"):  # type: ignore[attr-defined]
            assert query.error.message and query.error.hint, f"{case.name} says no reason or nothing to do instead"


def test_every_bomb_is_contained_and_the_next_query_answers(sandbox: Sandbox) -> None:
    # with so little time, each may meet the limit of time before the one it is meant for: `make soak` waits for that
    assert missed(run_all(sandbox, read_cases("bombs")), frozenset({"time"})) == []
    assert sandbox.submit("select 1 as one").result(60).table.to_pylist() == [{"one": 1}]


@pytest.mark.soak
def test_every_bomb_meets_the_limit_that_it_is_meant_for(sandbox: Sandbox) -> None:
    assert missed(run_all(sandbox, read_cases("bombs"), bomb_s=20.0)) == []


def test_whatever_is_answered_names_nobody(sandbox: Sandbox) -> None:
    answered = [(case, query) for case, query in run_all(sandbox, read_cases("identities")) if query.error is None]
    assert len(answered) >= 5
    people = [ADA, BO, CAI, DI, NAME, PHONE]
    for case, query in answered:
        told = str(query.result().table.to_pylist())
        assert not [one for one in people if one in told], case.name


@pytest.mark.skipif(find_missing() != (), reason=f"this system lacks {find_missing()}")
@pytest.mark.parametrize(
    "without",
    [{GATE}, {GATE, LANDLOCK, SECCOMP, PRIVILEGES}, {GATE, ENGINE}],
    ids=["no gate", "the engine alone", "the system alone"],
)
def test_without_the_gate_files_stay_closed_and_nothing_is_written(
    without: set[str], district: Settings, tmp_path: Path
) -> None:
    outside, target = tmp_path / "outside.csv", tmp_path / "target.csv"
    outside.write_text("a\nseen from outside\n", encoding="utf-8")
    reading = [
        f"select * from read_text('{outside}')", f"from read_csv('{outside}')", f"from '{outside}'", f"from read_blob('{outside}')",
        f"from read_blob('{district.key_path}')", "select content from read_text('/proc/self/environ')",
        f"from glob('{tmp_path}/*')", f"attach '{tmp_path}/x.duckdb' as x", f"copy site to '{target}'",
        f"copy (select 1) to '{target}' (format parquet)", f"export database '{tmp_path}/export'",
        f"call enable_logging(storage = 'file', storage_config = {{'path': '{tmp_path}/log'}})", "install httpfs",
    ]  # fmt: skip
    with Sandbox(district, without=frozenset(without)) as weakened:
        for text in reading:
            query = weakened.submit(text, "tester", Limits(PATIENT_S))
            try:
                table = query.result(60).table
            except SandboxError as error:
                assert error.word in ("error", "file", "lost"), (text, str(error))
            else:
                # a glob that sees nothing is an answer too, and so is switching something on that then cannot write
                assert "seen from outside" not in str(table.to_pylist()) and str(outside) not in str(
                    table.to_pylist()
                ), text
                assert not text.startswith(("select", "from read", "attach", "copy", "export", "install")), text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside.csv"]
