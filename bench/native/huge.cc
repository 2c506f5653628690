// pauselab-bench-huge SECONDS: a process whose memory asks for huge pages and loses them all the time, so that the
// kernel's khugepaged makes them again. Four threads keep CPU 0 busy. A fifth times mmap+munmap every 2 ms. Prints
// {"n":…,"stalled_n":…,"longest_ns":…,"stalled_ns":…}: stalls are operations of 50 ms and more.
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "board/clock.h"
#include "board/fail.h"

namespace pauselab::bench {
namespace {

constexpr std::size_t kPage = 4096, kHugePage = 2 << 20, kRegion = 512 << 20;
constexpr std::uint64_t kStall_ns = 50'000'000;

std::atomic<bool> isOver;

char* mapped(std::size_t bytes) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) fail(Exit::unfit, "mmap was refused: %s", strerror(errno));
  return static_cast<char*>(at);
}

// Where the first huge page of a mapping begins.
char* aligned(char* at) {
  const auto beyond = reinterpret_cast<std::uintptr_t>(at) % kHugePage;
  return beyond == 0 ? at : at + (kHugePage - beyond);
}

// A small page that is given back splits its huge page.
void split(char* region) {
  while (!isOver) {
    for (char* at = region; at < region + kRegion && !isOver; at += kHugePage) {
      madvise(at + kPage, kPage, MADV_DONTNEED);
      at[kPage] = 1;
    }
    usleep(1000);
  }
}

void keepBusy() {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  if (sched_setaffinity(0, sizeof(first), &first) != 0) fail(Exit::unfit, "CPU 0 was refused: %s", strerror(errno));
  while (!isOver) {
  }
}

void timeMappings() {
  std::uint64_t n = 0, stalled_n = 0, longest_ns = 0, stalled_ns = 0;
  for (; !isOver; ++n) {
    const auto from_ns = monotonic_ns();
    munmap(mapped(16 * kPage), 16 * kPage);
    const auto took_ns = monotonic_ns() - from_ns;
    longest_ns = std::max(longest_ns, took_ns);
    if (took_ns >= kStall_ns) {
      ++stalled_n;
      stalled_ns += took_ns;
    }
    usleep(2000);
  }
  std::printf("{\"n\":%llu,\"stalled_n\":%llu,\"longest_ns\":%llu,\"stalled_ns\":%llu}\n",
              static_cast<unsigned long long>(n), static_cast<unsigned long long>(stalled_n),
              static_cast<unsigned long long>(longest_ns), static_cast<unsigned long long>(stalled_ns));
}

}  // namespace
}  // namespace pauselab::bench

int main(int argc, char** argv) {
  using namespace pauselab;
  using namespace pauselab::bench;
  const int seconds = argc == 2 ? std::atoi(argv[1]) : 0;
  if (seconds < 1) fail(Exit::usage, "expected: pauselab-bench-huge SECONDS");
  char* const region = aligned(mapped(kRegion + kHugePage));
  if (madvise(region, kRegion, MADV_HUGEPAGE) != 0)
    fail(Exit::unfit, "MADV_HUGEPAGE was refused (%s); the kernel has no transparent huge pages", strerror(errno));
  std::memset(region, 1, kRegion);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(keepBusy);
  threads.emplace_back(split, region);
  threads.emplace_back(timeMappings);
  sleep(static_cast<unsigned>(seconds));
  isOver = true;
  for (auto& thread : threads) thread.join();
  return 0;
}
