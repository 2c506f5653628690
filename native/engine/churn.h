// The churn: threads that each keep a window of live blocks and replace a random one: free, malloc, a write to each
// page. The counterpart of the JVM's load malloc_churn (jvm-workloads/src/pauselab/load/MallocChurn.java): the same
// blocks in the same order for the same seed, at the same pace. What is given back, when, by which call and by which
// thread is the allocator's doing. It is not timed.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/draws.h"
#include "engine/roles.h"

namespace pauselab::engine {

// What a thread has done since `go`.
struct ChurnTally {
  std::uint64_t blocks = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t refused = 0;        // mallocs that returned null
  std::uint64_t ticks = 0;          // at which it worked or rested
  std::uint64_t dropped_ticks = 0;  // that went by while it was held up: not made up for, which would be another load
};

// Things per second, done in batches: ticks are at least 1 ms apart, since a thread that wakes more often mostly wakes.
class Rate {
 public:
  explicit Rate(std::uint64_t per_s) noexcept : per_s_(per_s), ticksPerSecond_(std::min<std::uint64_t>(per_s, 1000)) {}
  std::uint64_t interval_ns() const noexcept { return kSecond_ns / ticksPerSecond_; }
  // How many are due at the next tick, so that every second has its number.
  std::uint64_t due() noexcept {
    const std::uint64_t before = tick_ * per_s_ / ticksPerSecond_;
    ++tick_;
    return tick_ * per_s_ / ticksPerSecond_ - before;
  }

 private:
  std::uint64_t per_s_;
  std::uint64_t ticksPerSecond_;
  std::uint64_t tick_ = 0;
};

// One thread's blocks. They stay when it ends: to give them all back would happen while owed operations are served. The
// engine ends without unwinding, so the destructor is for whoever makes one elsewhere.
class Churn {
 public:
  Churn(const ChurnPlan& plan, std::uint64_t number);
  ~Churn();
  Churn(const Churn&) = delete;
  Churn& operator=(const Churn&) = delete;

  // Replaces `count` random blocks.
  void replace(std::uint64_t count) noexcept;
  // From `go` to the end of the window.
  void run(Shared& shared, std::size_t seat) noexcept;

  const ChurnTally& tally() const noexcept { return tally_; }

 private:
  BlockDraws draws_;
  Rate rate_;
  std::uint64_t work_ns_;  // of each second
  std::vector<void*> blocks_;
  ChurnTally tally_;
};

// Its threads' names: the churn's own, and `NAME#1`… with NAME cut to 12 characters, as the JVM's load names its
// threads.
std::vector<std::string> threadNames(const ChurnPlan& plan);

}  // namespace pauselab::engine
