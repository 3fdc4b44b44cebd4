"""Run a program that dies with its parent and, for Postgres, not as root. Executed as a script, never imported
by anything that serves: `python -I -S lifeline.py PARENT SIGNAL WAY UID GID PROGRAM ARGUMENT…`."""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Sequence

REFUSED = 97  # exit status: this machine does not permit the way asked for

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def main(arguments: Sequence[str]) -> int:
    """Become the program named by `arguments`; return only when that is impossible."""
    parent, death_signal, way, uid, gid, *program = arguments
    try:
        if way == "namespace":
            _enter_namespace(int(uid), int(gid))
        elif way == "capabilities":
            _keep_file_access(int(uid), int(gid))
        elif way == "account":
            _become(int(uid), int(gid))
    except OSError as error:
        print(f"{way}: {error}", file=sys.stderr)
        return REFUSED
    # Python ignores SIGPIPE, and a shell's background job ignores SIGINT: neither may be inherited.
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if sys.platform == "linux":
        # Changing the user clears it, so it comes last; the parent may have gone in the meantime.
        _prctl(_PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != int(parent):
        return 1
    try:
        os.execv(program[0], program)
    except OSError as error:
        print(f"{program[0]}: {error.strerror}", file=sys.stderr)
    return REFUSED


def die_with_parent(death_signal: int) -> None:
    """Ask Linux to send this very process `death_signal` when its parent ends; elsewhere do nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            _prctl(_PR_SET_PDEATHSIG, death_signal)


def _enter_namespace(uid: int, gid: int) -> None:
    """Appear as `uid` inside a user namespace while staying root for the files outside.

    Raises: OSError where user namespaces are forbidden.
    """
    if sys.platform != "linux":
        raise OSError("there are no user namespaces on this system")
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    os.unshare(os.CLONE_NEWUSER)
    for name, content in (
        ("setgroups", "deny"),
        ("gid_map", f"{gid} {outside_gid} 1"),
        ("uid_map", f"{uid} {outside_uid} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        try:
            os.write(descriptor, content.encode())
        finally:
            os.close(descriptor)


def _keep_file_access(uid: int, gid: int) -> None:
    """Become `uid` but keep entering directories that only root may enter, through programs executed later.

    Raises: OSError where the capabilities are not to be had.
    """
    if sys.platform != "linux":
        raise OSError("there are no capabilities on this system")
    # Without this bit access(2) forgets the capability, and initdb does not find `postgres`.
    _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    _become(uid, gid)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    wanted = 1 << _CAP_DAC_OVERRIDE
    # effective, permitted, inheritable; each in a lower and an upper half
    sets = (ctypes.c_uint32 * 6)(wanted, wanted, wanted, 0, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset is not permitted")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE)


def _become(uid: int, gid: int) -> None:
    """Change real, effective and saved user and group, without further groups."""
    os.setgroups([])
    if sys.platform == "linux":
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    else:
        os.setgid(gid)
        os.setuid(uid)


def _prctl(option: int, *arguments: int) -> None:
    """Call prctl(2) with the rest of its arguments zero.

    Raises: OSError when the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    if libc.prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) is not permitted")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
