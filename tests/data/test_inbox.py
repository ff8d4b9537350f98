"""The inbox's folders: when a file is complete, whose turn it is, and where each goes. Time is the test's own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.ingest.inbox import Claim, Inbox, guess_feed
from data.settings import Settings

FEEDS = frozenset({"baisha", "huanshi"})


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Place:
    """An inbox whose files settle within a second, on a clock that the test moves."""

    settings: Settings
    inbox: Inbox
    clock: Clock

    def put(self, name: str, text: str = "a,b\n") -> Path:
        path = self.settings.inbox_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def look(self, after_s: float = 0.0, feeds: frozenset[str] = FEEDS) -> list[str]:
        """What is claimed so many seconds later."""
        return [f"{claim.feed_code}/{claim.name}" for claim in self.take(after_s, feeds)]

    def take(self, after_s: float = 0.0, feeds: frozenset[str] = FEEDS) -> list[Claim]:
        self.clock.now_s += after_s
        self.inbox.look(feeds)
        return self.inbox.claim(1000, 10**9)

    def refused(self) -> dict[str, str]:
        folder = self.settings.refused_dir
        return {
            str(path.relative_to(folder)).removesuffix(".reason.txt"): path.read_text(encoding="utf-8")
            for path in sorted(folder.rglob("*.reason.txt"))
        }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    settings = Settings(home=tmp_path, settle_seconds=1.0)
    clock = Clock()
    return Place(settings, Inbox(settings, clock), clock)


def test_a_file_is_taken_once_it_has_not_changed_for_the_settle_period(place: Place) -> None:
    place.put("baisha/a.csv")
    assert place.look() == []
    assert place.look(0.9) == []
    assert place.look(0.2) == ["baisha/a.csv"]
    assert (place.settings.taking_dir / "baisha" / "a.csv").exists()
    assert place.look(10) == []


def test_a_file_that_grows_is_not_taken_however_long_it_takes(place: Place) -> None:
    path = place.put("baisha/a.csv")
    for number in range(20):
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{number}\n")
        assert place.look(5) == []
    assert place.look(1.1) == ["baisha/a.csv"]


@pytest.mark.parametrize("jump_s", [365 * 86400, -365 * 86400], ids=["a year ahead", "a year back"])
def test_the_times_that_the_disk_tells_are_compared_with_no_clock(place: Place, jump_s: int) -> None:
    path = place.put("baisha/a.csv")
    os.utime(path, (path.stat().st_atime + jump_s, path.stat().st_mtime + jump_s))
    assert place.look() == []
    with path.open("a", encoding="utf-8") as file:
        file.write("more\n")
    assert place.look(1.1) == []
    assert place.look(1.1) == ["baisha/a.csv"]


def test_a_file_with_an_ok_beside_it_is_taken_at_once_and_the_ok_goes_with_it(place: Place) -> None:
    place.put("baisha/a.csv")
    place.put("baisha/a.csv.ok", "")
    claims = place.take()
    assert [claim.name for claim in claims] == ["a.csv"]
    place.inbox.finish(claims[0])
    assert sorted(path.name for path in place.settings.done_dir.rglob("*.*")) == ["a.csv", "a.csv.ok"]
    assert not list(place.settings.inbox_dir.glob("baisha/*"))


def test_an_ok_that_comes_after_its_file_was_taken_follows_it_to_done(place: Place) -> None:
    place.put("baisha/a.csv.ok", "")
    assert place.look() == []
    assert place.look(70) == []
    assert (place.settings.done_dir / "baisha" / "a.csv.ok").exists()


def test_a_file_that_is_renamed_when_it_is_whole_is_taken_at_once(place: Place) -> None:
    path = place.put("baisha/a.csv.part")
    assert place.look(100) == []
    path.rename(path.with_name("a.csv"))
    assert place.look() == ["baisha/a.csv"]


def test_hidden_and_unfinished_names_and_pipes_are_left_alone(place: Place) -> None:
    for name in (".a.csv", "b.csv.part", "c.tmp", "~$d.xlsx", "e.csv.CRDOWNLOAD"):
        place.put(f"baisha/{name}")
    os.mkfifo(place.settings.inbox_dir / "baisha" / "pipe.csv")
    assert place.look() == []
    assert place.look(10) == []
    assert place.refused() == {}


def test_files_in_folders_below_their_feeds_keep_their_place(place: Place) -> None:
    for name in ("baisha/2022/07/a.csv", "baisha/2022/08/a.csv", "huanshi/site 1/b.xlsx"):
        place.put(name)
    place.look()
    claims = place.take(1.1)
    assert sorted(f"{claim.feed_code}/{claim.name}" for claim in claims) == [
        "baisha/2022/07/a.csv", "baisha/2022/08/a.csv", "huanshi/site 1/b.xlsx",
    ]  # fmt: skip
    for claim in claims:
        place.inbox.finish(claim)
    done = sorted(str(path.relative_to(place.settings.done_dir)) for path in place.settings.done_dir.rglob("*.*"))
    assert [name.split("/")[0] + "/" + "/".join(name.split("/")[2:]) for name in done] == [
        "baisha/2022/07/a.csv", "baisha/2022/08/a.csv", "huanshi/site 1/b.xlsx",
    ]  # fmt: skip
    assert list(place.settings.taking_dir.rglob("*2022*")) == []


def test_a_file_in_no_feeds_folder_is_refused_with_the_feeds_there_are(place: Place) -> None:
    place.put("nowhere/2022/a.csv")
    place.put("lost.csv")
    place.look()
    assert place.look(1.1) == []
    assert place.refused() == {
        "lost.csv": "It lies beside the feeds' folders: put it into the folder of its feed.\n",
        "nowhere/2022/a.csv": "There is no feed 'nowhere'. Known feeds: baisha, huanshi.\n",
    }


def test_a_file_beside_the_feeds_folders_goes_to_the_only_feed_that_can_have_sent_it(place: Place) -> None:
    place.put("baisha-0714.csv")
    place.look()
    place.look(1.1)
    assert place.look() == ["baisha/baisha-0714.csv"]


@pytest.mark.parametrize(
    ("name", "feeds", "feed"),
    [
        ("x.csv", {"baisha"}, "baisha"),
        ("x.csv", {"baisha", "huanshi"}, ""),
        ("baisha.csv", {"baisha", "huanshi"}, "baisha"),
        ("baisha_0714.zip", {"baisha", "huanshi"}, "baisha"),
        ("baisha白沙.csv", {"baisha", "huanshi"}, "baisha"),
        ("baishan.csv", {"baisha", "huanshi"}, ""),
        ("bai-sha-1.csv", {"bai", "bai-sha"}, "bai-sha"),
    ],
)
def test_the_only_feed_or_the_one_that_begins_the_name_can_have_sent_a_file(
    name: str, feeds: set[str], feed: str
) -> None:
    assert guess_feed(name, frozenset(feeds)) == feed


def test_nothing_is_refused_while_no_feed_was_imported(place: Place) -> None:
    place.put("baisha/a.csv")
    assert place.look(feeds=frozenset()) == []
    assert place.look(10, feeds=frozenset()) == []
    assert place.refused() == {}
    assert place.look(1) == ["baisha/a.csv"]


def test_feeds_take_turns_and_within_a_feed_the_oldest_comes_first(place: Place) -> None:
    for number in range(6):
        os.utime(place.put(f"baisha/{5 - number}.csv"), (1000 + number, 1000 + number))
    place.put("huanshi/fresh.csv")
    place.look()
    place.clock.now_s += 1.1
    first = [f"{claim.feed_code}/{claim.name}" for claim in place.inbox.claim(3, 10**9)]
    assert sorted(first) == ["baisha/4.csv", "baisha/5.csv", "huanshi/fresh.csv"]
    assert [claim.name for claim in place.inbox.claim(10, 10**9)] == ["3.csv", "2.csv", "1.csv", "0.csv"]


def test_a_claim_ends_with_the_file_that_fills_it(place: Place) -> None:
    for number in range(4):
        place.put(f"baisha/{number}.csv", "0123456789")
    place.look()
    place.clock.now_s += 1.1
    assert len(place.inbox.claim(10, 15)) == 2


def test_a_file_that_is_not_welcome_waits_and_lets_others_pass(place: Place) -> None:
    os.utime(place.put("baisha/long.csv", "x" * 1000), (1, 1))
    place.put("baisha/short.csv")
    place.look()
    place.clock.now_s += 1.1
    assert [claim.name for claim in place.inbox.claim(10, 10**9, lambda _, size: size < 100)] == ["short.csv"]
    assert [claim.name for claim in place.inbox.claim(10, 10**9)] == ["long.csv"]


def test_what_waits_is_told_by_feed_in_files_bytes_and_seconds(place: Place) -> None:
    place.put("baisha/a.csv", "0123456789")
    place.put("baisha/deep/b.csv", "01234")
    place.look(feeds=frozenset())
    place.put("huanshi/c.csv", "1")
    place.look(40, feeds=frozenset())
    waiting = place.inbox.tell_waiting()
    assert {code: (one.file_count, one.byte_count, one.oldest_s) for code, one in waiting.items()} == {
        "baisha": (2, 15, 40.0), "huanshi": (1, 1, 0.0),
    }  # fmt: skip


def test_what_a_worker_left_is_claimed_first_and_once(place: Place) -> None:
    place.put("taking/baisha/2022/left.csv")
    place.put("baisha/new.csv")
    assert place.look() == ["baisha/2022/left.csv"]
    assert place.look(1.1) == ["baisha/new.csv"]


def test_two_files_of_one_name_are_both_kept(place: Place) -> None:
    names = []
    for text in ("one", "two"):
        place.put("baisha/a.csv", text)
        place.look()
        claims = place.take(1.1)
        names += [claim.name for claim in claims]
        place.inbox.finish(claims[0])
    assert names == ["a.csv", "a.csv"]
    assert sorted(path.read_text() for path in place.settings.done_dir.rglob("a.csv*")) == ["one", "two"]


def test_a_folder_that_did_not_change_is_not_listed_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put("baisha/a.csv")
    place.look()
    place.look(0.2)
    place.look(0.2)
    listed: list[str] = []
    real = os.scandir

    def scandir(path: str | os.PathLike[str]) -> object:
        listed.append(os.fspath(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    place.look(0.2)
    assert listed == []
    place.put("baisha/b.csv")
    place.look(0.2)
    assert listed == [str(place.settings.inbox_dir / "baisha")]
