// Starting a thread that does nothing, and waiting for its end.
#include <pthread.h>
#include <sys/mman.h>

#include <cerrno>

#include "engine/operation.h"

namespace pauselab::engine {
namespace {

void* doNothing(void*) { return nullptr; }

int startAndJoin(const pthread_attr_t* attributes) noexcept {
  pthread_t thread;
  if (const int refused = pthread_create(&thread, attributes, doNothing, nullptr); refused != 0) return refused;
  return pthread_join(thread, nullptr);
}

// The libc keeps the stacks of ended threads, so only the first thread maps a stack. A thread's end gives its stack's
// pages back by madvise(DONTNEED), which is the operation's only call on the address space. glibc's range begins at the
// stack's guard page, which is a separate VMA, so the range crosses and takes mmap_lock for read.
class ThreadStartJoin final : public VictimAction {
 public:
  int perform() noexcept override { return startAndJoin(nullptr); }
  void warmUp() noexcept override { perform(); }
};

// The case without a cached stack: mmap, mprotect, start, end, munmap. The operation maps the stack itself, always at
// the same place, because the libc's cache can only be switched off from outside, for the whole process.
class ThreadStartJoinUncached final : public VictimAction {
 public:
  ThreadStartJoinUncached() {
    munmap(range_.address, range_.bytes);
    pthread_attr_init(&attributes_);
  }

  int perform() noexcept override {
    if (mmap(range_.address, kStackBytes, PROT_NONE, kMapFlags | MAP_STACK | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
      return errno;
    char* const stack = range_.address + kPageBytes;
    if (mprotect(stack, kStackBytes - kPageBytes, PROT_READ | PROT_WRITE) != 0) return errno;
    pthread_attr_setstack(&attributes_, stack, kStackBytes - kPageBytes);
    if (const int refused = startAndJoin(&attributes_); refused != 0) return refused;
    return munmap(range_.address, kStackBytes) == 0 ? 0 : errno;
  }
  void warmUp() noexcept override { perform(); }

 private:
  static constexpr std::size_t kStackBytes = 2 * 1024 * 1024;
  VictimPage range_ = isolatedPage({.vmaBytes = kStackBytes});
  pthread_attr_t attributes_;
};

}  // namespace

std::unique_ptr<VictimAction> makeThreadStartJoin(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ThreadStartJoin>();
}
std::unique_ptr<VictimAction> makeThreadStartJoinUncached(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ThreadStartJoinUncached>();
}

}  // namespace pauselab::engine
