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

// A load's pace. Ticks lie on an absolute schedule. If the load is delayed, it drops the ticks that it missed: making
// up for them in a burst would be another load. It makes no tick after the window, because victims may still serve owed
// operations, and would feel what it does. The JVM's loads have the same (pauselab.load.Ticks).
class Ticks {
 public:
  Ticks(std::uint64_t first_ns, std::uint64_t interval_ns) noexcept : next_ns_(first_ns), interval_ns_(interval_ns) {}

  // Waits for the next tick; false when the window is over. `window` has now_ns(), end_ns(), and sleepUntil(), which
  // returns early if the window ends before that moment.
  template <typename Window>
  bool next(Window& window) noexcept {
    // The last tick that is due can still be made.
    if (const std::uint64_t now_ns = std::min(window.now_ns(), window.end_ns()); now_ns > next_ns_)
      drop((now_ns - next_ns_) / interval_ns_);
    window.sleepUntil(next_ns_);
    const std::uint64_t end_ns = window.end_ns();  // it may have been moved to an earlier time
    if (next_ns_ >= end_ns) return false;
    if (window.now_ns() >= end_ns) {
      drop((end_ns - next_ns_ + interval_ns_ - 1) / interval_ns_);
      return false;
    }
    next_ns_ += interval_ns_;
    ++made_;
    return true;
  }

  std::uint64_t made() const noexcept { return made_; }
  std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  void drop(std::uint64_t count) noexcept {
    dropped_ += count;
    next_ns_ += count * interval_ns_;
  }

  std::uint64_t next_ns_;
  std::uint64_t interval_ns_;
  std::uint64_t made_ = 0;
  std::uint64_t dropped_ = 0;
};

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
