"""A process with a planted stall: a thread at nice 19 beside a busy loop gives memory back, and another changes a map.

python3 advice.py SECONDS across|inside

across: madvise(MADV_DONTNEED) over two VMAs, which takes mmap_lock; the other thread maps and unmaps memory elsewhere.
inside: the same inside one VMA, which takes that VMA's lock since Linux 6.17; the other thread calls mprotect on the page
behind it, which splits the VMA and merges it again.
"""

import ctypes
import os
import sys
import threading
import time

SECONDS, WHERE = float(sys.argv[1]), sys.argv[2]
PAGE, SIZE = 4096, 96 << 20
PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MADV_DONTNEED = 1, 2, 2, 0x20, 4

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]

end = time.monotonic() + SECONDS


def mapped(size):
    return libc.mmap(None, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)


region = mapped(SIZE + PAGE)
# Huge pages would make the call too short: MADV_NOHUGEPAGE.
libc.madvise(region, SIZE + PAGE, 15)
if WHERE == "across":
    # A page in the middle with other rights makes it three VMAs.
    libc.mprotect(region + SIZE // 2, PAGE, PROT_READ)


def name_thread(name):
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as comm:
        comm.write(name)


def release():
    name_thread("releaser")
    tid = threading.get_native_id()
    os.sched_setaffinity(tid, {0})
    while time.monotonic() < end:
        half = SIZE // 2
        libc.memset(region, 1, half)
        libc.memset(region + half + PAGE, 1, half - PAGE)
        os.setpriority(os.PRIO_PROCESS, tid, 19)
        libc.madvise(region, SIZE, MADV_DONTNEED)
        os.setpriority(os.PRIO_PROCESS, tid, 0)
        time.sleep(0.1)


def change():
    name_thread("changer")
    os.sched_setaffinity(threading.get_native_id(), {1})
    rights = PROT_READ
    while time.monotonic() < end:
        if WHERE == "across":
            libc.munmap(mapped(PAGE), PAGE)
        else:
            libc.mprotect(region + SIZE, PAGE, rights)
            rights ^= PROT_WRITE
        time.sleep(0.001)


threads = [threading.Thread(target=one, daemon=True) for one in (release, change)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
