"""A command that is killed at random moments of its work and started again, as after a power cut."""

from __future__ import annotations

import os
import random
import subprocess
import sys

from data.settings import Settings

KILLS = int(os.environ.get("WANGGE_TEST_KILLS", "1"))
"""Kills of each command in this session; `make soak` asks for 100."""
KILLS_A_HOME = min(3, KILLS)
HOMES = max(1, KILLS // 3)

# one process starts it again and again: the modules are loaded once, and a fork is at work within a millisecond
_PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from data.settings import Settings
{imports}

def start(home):
    child = os.fork()
    if not child:
        try:
            settings = Settings(home=Path(home), retry_after_import=False)
            {act}
            os._exit(0)
        except BaseException as error:
            print(type(error).__name__, error, file=sys.stderr, flush=True)
            os._exit(1)
    return child

calm, torn, *shares = sys.argv[1:]
begin = time.monotonic()
assert os.waitpid(start(calm), 0)[1] == 0
whole_s = time.monotonic() - begin
for share in map(float, shares):
    child = start(torn)
    time.sleep(share * whole_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
assert os.waitpid(start(torn), 0)[1] == 0
"""


def tear(calm: Settings, torn: Settings, imports: str, act: str, seed: int) -> None:
    """Does `act` (a statement over `settings`) once in the calm home; in the torn one it is killed, then ends its work."""
    chance = random.Random(seed)
    shares = [f"{chance.uniform(0.02, 1.0):.3f}" for _ in range(KILLS_A_HOME)]
    program = _PROGRAM.format(imports=imports, act=act)
    command = [sys.executable, "-c", program, str(calm.home), str(torn.home), *shares]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
