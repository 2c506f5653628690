// pauselab-stalling: a process that stalls, for tests of what is seen from outside.
//
//   pauselab-stalling SECONDS [HOG_MS]
//
// `purger` gives memory back over two VMAs, and has a CPU only when nobody else wants it. `hog` takes that CPU for 200
// ms (or HOG_MS; the kernel leaves others a twentieth of each second) with real-time priority as soon as `purger` is in
// its call. So `writer`, which changes the protection of a page, waits for mmap_lock, on other CPUs. It writes a line
// for each wait of 50 ms or more: its thread id, the beginning (CLOCK_MONOTONIC) and the length, both in ns. As root,
// on two CPUs or more.
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "board/clock.h"

namespace {

using pauselab::monotonic_ns;

constexpr std::size_t kHalfBytes = std::size_t{128} << 20;
constexpr std::uint64_t kLong_ns = 50'000'000;

std::uint64_t hog_ns = 200'000'000;
std::atomic<bool> isInCall{false};
std::atomic<bool> isOver{false};

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "pauselab-stalling: %s: %s\n", what, strerror(errno));
  std::exit(1);
}

void pinTo(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  if (sched_setaffinity(0, sizeof(cpus), &cpus) != 0) die("sched_setaffinity");
}

void schedule(int policy, int priority) {
  const sched_param param{.sched_priority = priority};
  if (sched_setscheduler(0, policy, &param) != 0) die("sched_setscheduler");
}

void purge(char* memory) {
  prctl(PR_SET_NAME, "purger");
  pinTo(0);
  schedule(SCHED_IDLE, 0);
  while (!isOver) {
    std::memset(memory, 1, 2 * kHalfBytes);
    isInCall = true;
    if (madvise(memory, 2 * kHalfBytes, MADV_DONTNEED) != 0) die("madvise");
    isInCall = false;
    usleep(50'000);
  }
}

void takeCpu() {
  prctl(PR_SET_NAME, "hog");
  pinTo(0);
  schedule(SCHED_FIFO, 1);
  while (!isOver) {
    if (!isInCall) {
      usleep(200);
      continue;
    }
    for (const auto until = monotonic_ns() + hog_ns; monotonic_ns() < until;) {
    }
    // The call ends meanwhile.
    usleep(50'000);
  }
}

void protect() {
  prctl(PR_SET_NAME, "writer");
  pinTo(1);
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), -10);
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) die("mmap");
  for (bool isWritable = true; !isOver; isWritable = !isWritable) {
    const auto start_ns = monotonic_ns();
    if (mprotect(page, 4096, isWritable ? PROT_READ | PROT_WRITE : PROT_READ) != 0) die("mprotect");
    const auto took_ns = monotonic_ns() - start_ns;
    if (took_ns >= kLong_ns) {
      std::printf("%ld %llu %llu\n", syscall(SYS_gettid), static_cast<unsigned long long>(start_ns),
                  static_cast<unsigned long long>(took_ns));
      std::fflush(stdout);
    }
    usleep(1000);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc >= 2 ? std::atoi(argv[1]) : 0;
  if (argc == 3) hog_ns = static_cast<std::uint64_t>(std::atoi(argv[2])) * 1'000'000;
  if (seconds <= 0 || argc > 3) {
    std::fprintf(stderr, "usage: pauselab-stalling SECONDS [HOG_MS]\n");
    return 2;
  }
  void* memory = mmap(nullptr, 2 * kHalfBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) die("mmap");
  char* const bytes = static_cast<char*>(memory);
  // Small pages, so that the call takes long, and another protection of one page, so that the range spans several VMAs.
  if (madvise(memory, 2 * kHalfBytes, MADV_NOHUGEPAGE) != 0) die("madvise");
  if (mprotect(bytes + kHalfBytes, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) die("mprotect");
  std::thread purger(purge, bytes);
  std::thread hog(takeCpu);
  std::thread writer(protect);
  sleep(static_cast<unsigned>(seconds));
  isOver = true;
  for (std::thread* one : {&purger, &hog, &writer}) one->join();
  return 0;
}
