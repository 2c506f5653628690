#include "engine/roles.h"

namespace pauselab::engine {

// Competes for a CPU: steadily, or in bursts that let the holder begin a call and then take its CPU away in mid-call.
// Continues through the drain, so that a stall at the window's end keeps its length.
void runHog(Shared& shared, const HogPlan& plan) noexcept {
  const auto stop = [&] { return shared.hogsStop.load(std::memory_order_relaxed); };
  const auto spinUntil = [&](std::uint64_t until_ns) {
    while (!stop() && monotonic_ns() < until_ns) {
      for (int i = 0; i < 1000; ++i) asm volatile("" ::: "memory");
    }
  };
  sleepUntil(shared.board.header().go_ns.load(std::memory_order_relaxed), stop);
  while (!stop()) {
    if (plan.run_ns == 0) {
      spinUntil(UINT64_MAX);
    } else {
      spinUntil(monotonic_ns() + plan.run_ns);
      sleepUntil(monotonic_ns() + plan.sleep_ns, stop);
    }
  }
}

}  // namespace pauselab::engine
