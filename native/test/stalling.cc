// pauselab-stalling: a process that stalls, for tests of what is seen from outside.
//
//   pauselab-stalling SECONDS [HOG_MS [mmap_lock|mutex|arena]]
//
// `purger` holds what the others need, and has a CPU only when nobody else wants it. `hog` takes that CPU for 200 ms
// (or HOG_MS) with real-time priority as soon as `purger` has it. The kernel leaves ordinary threads a twentieth of
// each second then, which `filler` uses up. So `writer` waits, on other CPUs:
//
//   mmap_lock  `purger` gives memory back over two VMAs, and `writer` changes the protection of a page.
//   mutex      both take a mutex, and `purger` computes while it has it.
//   arena      `purger` calls malloc_trim, and `writer` allocates from the same arena, which is not the main one.
//
// `writer` writes a line for each wait of 50 ms or more: its thread id, the beginning (CLOCK_MONOTONIC) and the length,
// both in ns. It ends when its parent ends. As root, on two CPUs or more.
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "board/clock.h"

namespace {

using pauselab::monotonic_ns;

constexpr std::size_t kHalfBytes = std::size_t{128} << 20;
constexpr std::uint64_t kLong_ns = 50'000'000;

std::uint64_t hog_ns = 200'000'000;
std::atomic<bool> isInCall{false};
std::atomic<bool> isCpuTaken{false};
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

void becomePurger() {
  prctl(PR_SET_NAME, "purger");
  pinTo(0);
  schedule(SCHED_IDLE, 0);
}

void purge(char* memory) {
  becomePurger();
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
    isCpuTaken = true;
    for (const auto until = monotonic_ns() + hog_ns; monotonic_ns() < until;) {
    }
    isCpuTaken = false;
    // The call ends meanwhile.
    usleep(50'000);
  }
}

void useUpTheRest() {
  prctl(PR_SET_NAME, "filler");
  pinTo(0);
  while (!isOver) {
    while (isCpuTaken) {
    }
    usleep(1000);
  }
}

std::mutex mutex;

std::uint64_t cpuTime_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

void keepMutex() {
  becomePurger();
  while (!isOver) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      isInCall = true;
      for (const auto until = cpuTime_ns() + 5'000'000; cpuTime_ns() < until;) {
      }
      isInCall = false;
    }
    usleep(50'000);
  }
}

// glibc aligns the heaps of an arena that is not the main one to this.
constexpr std::uintptr_t kHeapBytes = std::uintptr_t{64} << 20;
// Too large for a thread's cache of freed memory, too small for a mapping apart.
constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
std::atomic<std::uintptr_t> heap{0};
// A thread is not given an arena whose mutex is taken just then.
std::atomic<bool> hasArena{false};

std::uintptr_t heapOf(const void* block) { return reinterpret_cast<std::uintptr_t>(block) & ~(kHeapBytes - 1); }

void trim() {
  becomePurger();
  std::vector<void*> blocks(512);
  heap = heapOf(blocks.data());
  while (!hasArena && !isOver) usleep(1000);
  while (!isOver) {
    for (void*& block : blocks) {
      block = std::malloc(kBlockBytes);
      std::memset(block, 1, kBlockBytes);
    }
    // What is free at the end of the heap is given back without malloc_trim.
    for (std::size_t i = 0; i + 1 < blocks.size(); i += 2) std::free(blocks[i]);
    isInCall = true;
    malloc_trim(0);
    isInCall = false;
    for (std::size_t i = 1; i < blocks.size(); i += 2) std::free(blocks[i]);
    usleep(50'000);
  }
}

template <typename Operation>
void repeat(Operation operation) {
  while (!isOver) {
    const auto start_ns = monotonic_ns();
    operation();
    const auto took_ns = monotonic_ns() - start_ns;
    if (took_ns >= kLong_ns) {
      std::printf("%ld %llu %llu\n", syscall(SYS_gettid), static_cast<unsigned long long>(start_ns),
                  static_cast<unsigned long long>(took_ns));
      std::fflush(stdout);
    }
    usleep(1000);
  }
}

void becomeWriter() {
  prctl(PR_SET_NAME, "writer");
  pinTo(1);
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), -10);
}

void protect() {
  becomeWriter();
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) die("mmap");
  bool isWritable = false;
  repeat([&] {
    isWritable = !isWritable;
    if (mprotect(page, 4096, isWritable ? PROT_READ | PROT_WRITE : PROT_READ) != 0) die("mprotect");
  });
}

void takeMutex() {
  becomeWriter();
  repeat([] { const std::lock_guard<std::mutex> lock(mutex); });
}

void allocate() {
  becomeWriter();
  void* first = std::malloc(kBlockBytes);
  if (!isOver && heapOf(first) != heap) {
    std::fprintf(stderr, "pauselab-stalling: the C library gave the two threads different arenas\n");
    std::exit(1);
  }
  std::free(first);
  hasArena = true;
  repeat([] {
    auto* const block = static_cast<volatile char*>(std::malloc(kBlockBytes));
    *block = 1;
    std::free(const_cast<char*>(block));
  });
}

void holdMmapLock() {
  void* memory = mmap(nullptr, 2 * kHalfBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) die("mmap");
  char* const bytes = static_cast<char*>(memory);
  // Small pages, so that the call takes long, and another protection of one page, so that the range spans several VMAs.
  if (madvise(memory, 2 * kHalfBytes, MADV_NOHUGEPAGE) != 0) die("madvise");
  if (mprotect(bytes + kHalfBytes, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) die("mprotect");
  purge(bytes);
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc >= 2 ? std::atoi(argv[1]) : 0;
  if (argc >= 3) hog_ns = static_cast<std::uint64_t>(std::atoi(argv[2])) * 1'000'000;
  const char* lock = argc == 4 ? argv[3] : "mmap_lock";
  const bool isArena = std::strcmp(lock, "arena") == 0;
  const bool isMutex = std::strcmp(lock, "mutex") == 0;
  if (seconds <= 0 || argc > 4 || (!isArena && !isMutex && std::strcmp(lock, "mmap_lock") != 0)) {
    std::fprintf(stderr, "usage: pauselab-stalling SECONDS [HOG_MS [mmap_lock|mutex|arena]]\n");
    return 2;
  }
  // A killed test shall not leave real-time threads behind for the rest of SECONDS.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) die("prctl");
  // `purger` gets the second arena. The threads after it share both in turns: the next one gets the main arena.
  if (isArena && mallopt(M_ARENA_MAX, 2) == 0) die("mallopt");
  std::thread purger(isArena ? trim : isMutex ? keepMutex : holdMmapLock);
  if (isArena) {
    while (heap == 0) usleep(1000);
    std::thread([] { std::free(std::malloc(kBlockBytes)); }).join();
  }
  std::thread hog(takeCpu);
  std::thread writer(isArena ? allocate : isMutex ? takeMutex : protect);
  // Last, because of the arenas.
  std::thread filler(useUpTheRest);
  sleep(static_cast<unsigned>(seconds));
  isOver = true;
  for (std::thread* one : {&purger, &hog, &writer, &filler}) one->join();
  return 0;
}
