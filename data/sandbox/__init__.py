"""Ad-hoc SQL that cannot hurt: queries run in confined processes that see one state of the situation and nothing else.

A page or a command uses this, and only this:

    sandbox = Sandbox(settings)                        # one for a process, for as long as it runs; starts nothing yet
    sandbox.make_ready()                               # where a query is to be expected: returns at once
    query = sandbox.submit(text, user)                 # returns at once, never raises for what is wrong with the text
    query.progress()                                   # Progress(state, place, seconds, row_count)
    query.cancel()
    result = query.result()                            # waits; Result(table, cut_by, seconds), or raises SandboxError
    for batch in sandbox.submit(text, user, streams=True).batches(): …       # a download: streamed, its own limits
    sandbox.queries()                                  # those that run and wait
    read_account(settings)                             # who asked what, newest first
    sandbox.close()

`state` is "queued", "running", "done", "refused", "failed" or "cancelled". A SandboxError says what and what to do instead,
with `word` for programmes, and `line` and `column` in the text where they are known; `mark(text, line, column)` draws them.
Everything may be called from any thread. The text is never parsed in the calling process.

What a query sees, and what it does not:

- All reference data and roll-ups of the situation, and single registrations with their versions: site, unit, times, channel,
  round, tube, household and grid, and a `person_token`. The token is the same in every round, so that people can be counted
  and followed; it is made with a key that no query can reach, and nothing else of a person is stored at all.
- Small numbers are shown as they are: who will knock needs the one missing household. So an analyst who knows who lives alone
  behind a household's code knows whose token it is; names, ID numbers and telephones are nowhere to be had from that.
- Not the names and hashes of files, nor where sealed lines lie (`gate.HIDDEN_TABLES`, `gate.HIDDEN_COLUMNS`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data.sandbox.audit import Asked as Asked
    from data.sandbox.audit import read_account as read_account
    from data.sandbox.refusal import SandboxError as SandboxError
    from data.sandbox.refusal import mark as mark
    from data.sandbox.service import Limits as Limits
    from data.sandbox.service import Progress as Progress
    from data.sandbox.service import Query as Query
    from data.sandbox.service import Result as Result
    from data.sandbox.service import Sandbox as Sandbox

_HOMES = {
    "Asked": "audit", "read_account": "audit", "SandboxError": "refusal", "mark": "refusal", "Limits": "service",
    "Progress": "service", "Query": "service", "Result": "service", "Sandbox": "service",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    # looked up when asked for: the confined processes are of this package too, and must not load the dashboard's end
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"data.sandbox.{_HOMES[name]}"), name)
