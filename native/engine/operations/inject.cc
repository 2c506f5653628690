// Only in the test build: operations with a known cause. They read their moment from the environment, because plans are
// for users: operation number PAUSELAB_INJECT_AT (counted from `go`), for PAUSELAB_INJECT_FOR_NS.
#include <sys/mman.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "board/clock.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

std::uint64_t fromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

// Happens once, at the given operation. The two trials before the window do not count.
class Once : public VictimAction {
 public:
  int perform() noexcept override { return performed_++ == at_ + kTrials ? happen() : 0; }

 protected:
  virtual int happen() noexcept = 0;

 private:
  static constexpr std::uint64_t kTrials = 2;
  std::uint64_t at_ = fromEnvironment("PAUSELAB_INJECT_AT");
  std::uint64_t performed_ = 0;
};

// Sleeps, and prints on stderr what its clock measured.
class Pause final : public Once {
  int happen() noexcept override {
    const std::uint64_t start_ns = monotonic_ns();
    const timespec until = toTimespec(start_ns + for_ns_);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
    const std::uint64_t end_ns = monotonic_ns();
    std::fprintf(stderr, "injected pause_ns=%lu\n", end_ns - start_ns);
    return 0;
  }
  std::uint64_t for_ns_ = fromEnvironment("PAUSELAB_INJECT_FOR_NS");
};

class Hang final : public Once {
  int happen() noexcept override {
    for (;;) {
      const timespec second{.tv_sec = 1, .tv_nsec = 0};
      nanosleep(&second, nullptr);
    }
  }
};

class Crash final : public Once {
  int happen() noexcept override {
    raise(SIGSEGV);
    return 0;
  }
};

class Refusal final : public Once {
  int happen() noexcept override { return madvise(nullptr, kPageBytes, -1) == 0 ? 0 : errno; }
};

}  // namespace

std::unique_ptr<VictimAction> makeInjectPause(const VictimPlan&, const VictimPage&) {
  return std::make_unique<Pause>();
}
std::unique_ptr<VictimAction> makeInjectHang(const VictimPlan&, const VictimPage&) { return std::make_unique<Hang>(); }
std::unique_ptr<VictimAction> makeInjectCrash(const VictimPlan&, const VictimPage&) {
  return std::make_unique<Crash>();
}
std::unique_ptr<VictimAction> makeInjectRefusal(const VictimPlan&, const VictimPage&) {
  return std::make_unique<Refusal>();
}

}  // namespace pauselab::engine
