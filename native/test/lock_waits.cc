// pauselab-lock-waits: threads that wait for the mmap_lock of their process, and threads that make them wait.
//
// `holder-read` populates memory and gives it back across two VMAs, which takes the lock for read on every kernel, and
// `holder-write` changes the protection of a mapping, which takes it for write. `waiter-write` maps and unmaps a page,
// and `waiter-read` gives back two pages across two VMAs. Writes a line when all of them run, and ends when it is
// killed.
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

constexpr std::size_t kPage = 4096;
// An emulated CPU takes some 10 ms for the pages of such a mapping, and other CPUs some milliseconds.
constexpr std::size_t kLong = 192 << 20;

void need(bool isRight, const char* what) {
  if (isRight) return;
  std::perror(what);
  std::exit(1);
}

// Without huge pages, which would be done with at once. Between pages of no access, so that it stays a VMA of its own
// when its protection changes.
char* mapped(std::size_t bytes) {
  void* start = mmap(nullptr, bytes + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  need(start != MAP_FAILED, "mmap");
  char* inside = static_cast<char*>(start) + kPage;
  need(mprotect(inside, bytes, PROT_READ | PROT_WRITE) == 0, "mprotect");
  madvise(inside, bytes, MADV_NOHUGEPAGE);
  return inside;
}

// Its second half is another VMA.
char* mappedAcross(std::size_t bytes) {
  char* start = mapped(bytes);
  need(mprotect(start + bytes / 2, bytes / 2, PROT_READ) == 0, "mprotect");
  return start;
}

template <typename Step>
std::thread forever(const char* name, Step step) {
  std::thread thread([step] {
    for (;;) step();
  });
  need(pthread_setname_np(thread.native_handle(), name) == 0, "pthread_setname_np");
  return thread;
}

}  // namespace

int main() {
  char* given = mappedAcross(kLong);
  char* changed = mapped(kLong);
  need(madvise(changed, kLong, MADV_POPULATE_WRITE) == 0, "madvise");
  char* pages = mappedAcross(2 * kPage);
  std::thread threads[] = {
      forever("holder-read",
              [given] {
                // Maps the page of zeros, which takes no memory.
                madvise(given, kLong, MADV_POPULATE_READ);
                madvise(given, kLong, MADV_DONTNEED);
              }),
      forever("holder-write",
              [changed] {
                mprotect(changed, kLong, PROT_READ);
                mprotect(changed, kLong, PROT_READ | PROT_WRITE);
                usleep(2000);
              }),
      forever("waiter-write",
              [] {
                munmap(mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), kPage);
                usleep(1000);
              }),
      forever("waiter-read",
              [pages] {
                madvise(pages, 2 * kPage, MADV_DONTNEED);
                usleep(1000);
              }),
  };
  std::puts("running");
  std::fflush(stdout);
  for (std::thread& thread : threads) thread.join();
}
