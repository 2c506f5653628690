// Controls that take no memory lock: their delays come from the machine and the scheduler.
#include <cerrno>

#include "board/clock.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

// Sleeps until 50 us from now. The time beyond that is lateness of the timer and of the wake-up.
class Timer final : public VictimAction {
 public:
  int perform() noexcept override {
    constexpr std::uint64_t kSleep_ns = 50'000;
    const timespec until = toTimespec(monotonic_ns() + kSleep_ns);
    return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  }
};

class Noop final : public VictimAction {
 public:
  int perform() noexcept override { return 0; }
};

}  // namespace

std::unique_ptr<VictimAction> makeTimer(const VictimPlan&, const VictimPage&) { return std::make_unique<Timer>(); }
std::unique_ptr<VictimAction> makeNoop(const VictimPlan&, const VictimPage&) { return std::make_unique<Noop>(); }

}  // namespace pauselab::engine
