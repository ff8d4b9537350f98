"""What the operating system is asked to refuse a process, whatever runs in it. Knows no SQL and no engine.

Each function confines the calling process for good, all processes that it starts included; none can be undone. Linux
on x86-64 and arm64; elsewhere `find_missing` says what is not there. Landlock covers the calling thread alone: call
these while the process has a single thread.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass

_SET_PDEATHSIG, _SET_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER_MODE = 1, 38, 22, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_ABI_VERSION, _RULE_PATH_BENEATH = 1, 1
_READ_FILE = 1 << 2
_PROT_EXEC = 4
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_COMMON = [
    "read", "write", "close", "fstat", "lseek", "munmap", "brk", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "pread64", "readv", "writev", "sched_yield", "mremap", "madvise", "nanosleep", "getpid", "exit", "uname",
    "getcwd", "gettimeofday", "getrusage", "sysinfo", "times", "getuid", "getgid", "geteuid", "getegid", "getppid",
    "sigaltstack", "gettid", "futex", "sched_getaffinity", "restart_syscall", "clock_gettime", "clock_getres",
    "clock_nanosleep", "exit_group", "newfstatat", "readlinkat", "faccessat", "ppoll", "getrandom", "membarrier",
    "statx", "rseq", "faccessat2",
]  # fmt: skip
_ONLY_X86_64 = ["stat", "lstat", "poll", "access", "readlink"]


@dataclass(frozen=True)
class _Machine:
    """An architecture as seccomp sees it: its mark, and the numbers of the calls that are let through or looked into."""

    audit_arch: int
    numbers: dict[str, int]
    has_x32: bool = False


_X86_64 = _Machine(
    0xC000003E,
    {
        "read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8,
        "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
        "rt_sigreturn": 15, "pread64": 17, "readv": 19, "writev": 20, "access": 21, "sched_yield": 24, "mremap": 25,
        "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60, "uname": 63, "fcntl": 72, "getcwd": 79,
        "readlink": 89, "gettimeofday": 96, "getrusage": 98, "sysinfo": 99, "times": 100, "getuid": 102,
        "getgid": 104, "geteuid": 107, "getegid": 108, "getppid": 110, "sigaltstack": 131, "gettid": 186,
        "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229,
        "clock_nanosleep": 230, "exit_group": 231, "tgkill": 234, "openat": 257, "newfstatat": 262,
        "readlinkat": 267, "faccessat": 269, "ppoll": 271, "getrandom": 318, "membarrier": 324, "statx": 332,
        "rseq": 334, "faccessat2": 439,
    },
    has_x32=True,
)  # fmt: skip
_ARM64 = _Machine(
    0xC00000B7,
    {
        "getcwd": 17, "fcntl": 25, "faccessat": 48, "openat": 56, "close": 57, "lseek": 62, "read": 63, "write": 64,
        "readv": 65, "writev": 66, "pread64": 67, "ppoll": 73, "readlinkat": 78, "newfstatat": 79, "fstat": 80,
        "exit": 93, "exit_group": 94, "futex": 98, "nanosleep": 101, "clock_gettime": 113, "clock_getres": 114,
        "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128, "tgkill": 131,
        "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "times": 153,
        "uname": 160, "getrusage": 165, "gettimeofday": 169, "getpid": 172, "getppid": 173, "getuid": 174,
        "geteuid": 175, "getgid": 176, "getegid": 177, "gettid": 178, "sysinfo": 179, "brk": 214, "munmap": 215,
        "mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283,
        "statx": 291, "rseq": 293, "faccessat2": 439,
    },
)  # fmt: skip
MACHINES = {"x86_64": _X86_64, "aarch64": _ARM64}
"""By what `platform.machine()` says. Numbers: the kernel's tables syscall_64.tbl and unistd.h (generic)."""


def find_missing() -> tuple[str, ...]:
    """The layers that this system cannot give: of "landlock" and "seccomp"; none on a present-day Linux."""
    missing = []
    if read_landlock_version() < 1:
        missing.append("landlock")
    if not sys.platform.startswith("linux") or platform.machine() not in MACHINES or not _has_seccomp():
        missing.append("seccomp")
    return tuple(missing)


def read_landlock_version() -> int:
    """The version of Landlock's interface that the kernel speaks; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    version: int = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ABI_VERSION))
    return max(version, 0)


def limit_resources(address_space_bytes: int, cpu_s: int, file_count: int) -> None:
    """Bounds what the process may take: so much address space in all, so much time of a processor, so many open files.

    Nothing can be written to a file, and no core is left behind.
    """
    bounds = {
        resource.RLIMIT_AS: address_space_bytes,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: file_count,
    }
    for which, bound in bounds.items():
        hard = resource.getrlimit(which)[1]
        least = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (least, least))


def yield_to_others() -> None:
    """Lets every other process go first; where memory runs out, this one is the first to be ended."""
    os.nice(10)


def offer_as_victim() -> None:
    """Where the machine's memory runs out, this process and its children are the first to be ended."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123  read by the kernel
            file.write("1000")
    except OSError:
        return  # no /proc: the limits hold all the same


def die_with_parent(parent: int) -> None:
    """Ends this process when the one that started it ends; at once where that has happened already."""
    if sys.platform.startswith("linux"):
        _prctl(_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def renounce_privileges() -> None:
    """No programme started from here gains rights by its set-user bits; Landlock and seccomp ask for it."""
    _prctl(_SET_NO_NEW_PRIVS, 1)


def see_only(paths: Iterable[str]) -> None:
    """Landlock: of all that the file system holds, exactly these files can be opened, for reading. No network address either.

    Files that are open already stay open. A file that is gone is passed over.
    """
    version = read_landlock_version()
    rights = (1 << 13) - 1
    if version >= 2:
        rights |= 1 << 13  # linking and renaming between folders
    if version >= 3:
        rights |= 1 << 14  # cutting files short
    if version >= 5:
        rights |= 1 << 15  # orders to devices
    words = [rights]
    if version >= 4:
        words.append(3)  # TCP: bind and connect
    if version >= 6:
        words.append(3)  # abstract sockets, and signals to others
    attribute = struct.pack(f"={len(words)}Q", *words)
    ruleset = _called(_CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), ctypes.c_uint32(0))
    try:
        for path in paths:
            try:
                handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                rule = struct.pack("=Qi", _READ_FILE, handle)
                _called(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH_BENEATH), rule, ctypes.c_uint32(0))
            finally:
                os.close(handle)
        _called(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def only_compute() -> None:
    """Seccomp: from now on the process reads, computes and writes to what it has open; anything else is "not permitted".

    No file is opened for writing, no socket made, no programme or thread started, no code made at run time, no other
    process signalled.
    """
    programme = compile_filter(MACHINES[platform.machine()], os.getpid())
    buffer = ctypes.create_string_buffer(programme, len(programme))
    filter_ = struct.pack("HxxxxxxQ", len(programme) // 8, ctypes.addressof(buffer))
    _prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.c_char_p(filter_))


def compile_filter(machine: _Machine, process: int) -> bytes:
    """The BPF programme for a machine: calls of another architecture end the process, calls not named fail with EPERM."""
    numbers = machine.numbers
    code: list[tuple[int, int, int, int]] = [_load(4), _jump(_EQUAL, machine.audit_arch, 1, 0), _end(_KILL), _load(0)]
    if machine.has_x32:
        code += [_jump(_AT_LEAST, 0x40000000, 0, 1), _end(_KILL)]
    for name in (*_COMMON, *(_ONLY_X86_64 if machine.has_x32 else ())):
        code += [_jump(_EQUAL, numbers[name], 0, 1), _end(_ALLOW)]
    # third argument of openat, second of open: the flags; third of mmap and mprotect: what the pages may do
    for name, place, bits in (
        ("openat", 2, _WRITING),
        ("open", 1, _WRITING),
        ("mmap", 2, _PROT_EXEC),
        ("mprotect", 2, _PROT_EXEC),
    ):
        if name in numbers:
            look = [_load(16 + 8 * place), _jump(_ANY_BIT, bits, 0, 1), _end(_REFUSE), _end(_ALLOW)]
            code += [_jump(_EQUAL, numbers[name], 0, len(look)), *look]
    # fcntl: asking, marking close-on-exec and locking for reading, which the engine does to a file that it opens
    asking = [_load(16 + 8)]
    for command in (1, 2, 3, 5, 6, 7, 36, 37, 38):
        asking += [_jump(_EQUAL, command, 0, 1), _end(_ALLOW)]
    code += [_jump(_EQUAL, numbers["fcntl"], 0, len(asking) + 1), *asking, _end(_REFUSE)]
    # abort() signals its own process
    own = [_load(16), _jump(_EQUAL, process, 0, 1), _end(_ALLOW), _end(_REFUSE)]
    code += [_jump(_EQUAL, numbers["tgkill"], 0, len(own)), *own, _end(_REFUSE)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


_EQUAL, _AT_LEAST, _ANY_BIT = 0x15, 0x35, 0x45
_KILL, _ALLOW, _REFUSE = 0x80000000, 0x7FFF0000, 0x00050001  # the last: fail with EPERM


def _load(offset: int) -> tuple[int, int, int, int]:
    return 0x20, 0, 0, offset


def _end(what: int) -> tuple[int, int, int, int]:
    return 0x06, 0, 0, what


def _jump(test: int, value: int, if_true: int, if_false: int) -> tuple[int, int, int, int]:
    return test, if_true, if_false, value


def _has_seccomp() -> bool:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
            return any(line.startswith("Seccomp:") for line in file)
    except OSError:
        return False


def read_address_space_bytes() -> int:
    """What the process has mapped by now; a guess where the system does not tell, as after `see_only`."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1_000_000_000


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *values: object) -> None:
    padded = [*values, *[0] * (4 - len(values))]
    arguments = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in padded]
    if _libc().prctl(ctypes.c_int(option), *arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _called(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
