// pauselab-bench-bare OPERATION SECONDS: the bare loop that the engine's rate of operations is compared with.
//
// It makes the engine's system calls (native/engine/operations/) on a mapping like the engine's
// (native/engine/memory.cc: a page between PROT_NONE pages, no huge pages), and reads the clock before and after each.
// It records nothing. After a warm-up of 0.1 s it counts the operations of SECONDS, and prints {"n":…,"cpu_ns":…}.
#include <sys/mman.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "board/clock.h"
#include "board/fail.h"

namespace pauselab::bench {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr int kMapFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
constexpr int kOpen = PROT_READ | PROT_WRITE;
constexpr std::uint64_t kWarmup_ns = kSecond_ns / 10;

void expect(bool worked, const char* what) {
  if (!worked) fail(Exit::unfit, "%s was refused: %s", what, strerror(errno));
}

// A touched page in a separate VMA.
char* isolatedPage() {
  void* reservation = mmap(nullptr, 3 * kPageBytes, PROT_NONE, kMapFlags, -1, 0);
  expect(reservation != MAP_FAILED, "mmap");
  char* page = static_cast<char*>(reservation) + kPageBytes;
  expect(mprotect(page, kPageBytes, kOpen) == 0, "mprotect");
  *const_cast<volatile char*>(page) = 1;
  return page;
}

struct Count {
  std::uint64_t n = 0, cpu_ns = 0;
};

std::uint64_t cpuTime_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kSecond_ns + static_cast<std::uint64_t>(now.tv_nsec);
}

// Makes operations for `duration_ns`, and measures for how much of it this process had the CPU.
template <typename Operation>
Count countFor(std::uint64_t duration_ns, Operation perform) {
  Count count;
  std::uint64_t spent_ns = 0;
  const std::uint64_t cpuBefore_ns = cpuTime_ns();
  std::uint64_t end_ns = monotonic_ns();
  const std::uint64_t last_ns = end_ns + duration_ns;
  while (end_ns < last_ns) {
    const std::uint64_t start_ns = monotonic_ns();
    expect(perform(), "the operation");
    end_ns = monotonic_ns();
    spent_ns += end_ns - start_ns;
    ++count.n;
  }
  count.cpu_ns = cpuTime_ns() - cpuBefore_ns;
  asm volatile("" ::"r"(spent_ns));  // both readings are used
  return count;
}

template <typename Operation>
Count warmThenCount(std::uint64_t duration_ns, Operation perform) {
  countFor(kWarmup_ns, perform);
  return countFor(duration_ns, perform);
}

Count run(std::string_view operation, std::uint64_t duration_ns) {
  char* page = isolatedPage();
  if (operation == "mmap_munmap") {
    expect(munmap(page, kPageBytes) == 0, "munmap");
    return warmThenCount(duration_ns, [page] {
      return mmap(page, kPageBytes, kOpen, kMapFlags | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED &&
             munmap(page, kPageBytes) == 0;
    });
  }
  if (operation == "mprotect")
    return warmThenCount(duration_ns, [page, open = true]() mutable {
      open = !open;
      return mprotect(page, kPageBytes, open ? kOpen : PROT_READ) == 0;
    });
  if (operation == "madvise_dontneed")
    return warmThenCount(duration_ns, [page] { return madvise(page, kPageBytes, MADV_DONTNEED) == 0; });
  fail(Exit::usage, "expected mmap_munmap, mprotect or madvise_dontneed, got \"%.*s\"",
       static_cast<int>(operation.size()), operation.data());
}

}  // namespace
}  // namespace pauselab::bench

int main(int argc, char** argv) {
  using namespace pauselab;
  const double seconds = argc == 3 ? std::strtod(argv[2], nullptr) : 0;
  if (!(seconds > 0)) fail(Exit::usage, "expected: pauselab-bench-bare OPERATION SECONDS");
  bench::expect(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0, "PR_SET_THP_DISABLE");
  const auto [n, cpu_ns] = bench::run(argv[1], static_cast<std::uint64_t>(seconds * 1e9));
  std::printf("{\"n\":%lu,\"cpu_ns\":%lu}\n", n, cpu_ns);
}
