// Waits for a moment without spinning.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "board/clock.h"

namespace pauselab::engine {

// Longest single sleep, so a window whose end was moved to an earlier time is noticed after this long at the latest.
inline constexpr std::uint64_t kLongestSleep_ns = 100'000'000;

// Sleeps until `until_ns`, or until `cut()` returns true. It calls `cut()` every kLongestSleep_ns.
template <typename Cut>
void sleepUntil(std::uint64_t until_ns, Cut cut) noexcept {
  for (;;) {
    const std::uint64_t now_ns = monotonic_ns();
    if (now_ns >= until_ns || cut()) return;
    const timespec wake = toTimespec(std::min(until_ns, now_ns + kLongestSleep_ns));
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nullptr);
  }
}

// A counter that threads of one process wait for (futex).
class Signal {
 public:
  std::uint32_t value() const noexcept { return word_.load(std::memory_order_acquire); }
  // Adds one and wakes all waiting threads.
  void raise() noexcept;
  // Waits until the value differs from `seen`, at most kLongestSleep_ns.
  void waitWhile(std::uint32_t seen) noexcept;

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace pauselab::engine
