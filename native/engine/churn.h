// The churn: threads that each keep a window of live blocks and replace a random block: free, malloc, a write to each
// page. The JVM's load malloc_churn does the same (jvm-workloads/src/pauselab/load/MallocChurn.java): the same blocks
// in the same order for the same seed, at the same pace. The allocator decides what it gives back, when, by which call
// and by which thread. A churn is not timed.
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
  std::uint64_t refused = 0;        // calls of malloc that returned null
  std::uint64_t ticks = 0;          // ticks at which it worked or rested
  std::uint64_t dropped_ticks = 0;  // ticks missed while it was delayed: making up for them would be another load
};

// Events per second, in batches: ticks are at least 1 ms apart, because a thread that wakes more often mostly wakes.
class Rate {
 public:
  explicit Rate(std::uint64_t per_s) noexcept : per_s_(per_s), ticksPerSecond_(std::min<std::uint64_t>(per_s, 1000)) {}
  std::uint64_t interval_ns() const noexcept { return kSecond_ns / ticksPerSecond_; }
  // How many are due at the next tick, so that each second gets the full number.
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

// One thread's blocks. They stay when the thread ends: freeing them would give memory back while victims serve owed
// operations. The engine ends without unwinding, so only tests run the destructor.
class Churn {
 public:
  Churn(const ChurnPlan& plan, std::uint64_t number);
  ~Churn();
  Churn(const Churn&) = delete;
  Churn& operator=(const Churn&) = delete;

  // Replaces `count` random blocks.
  void replace(std::uint64_t count) noexcept;
  // Runs from `go` to the end of the window.
  void run(Shared& shared, std::size_t seat) noexcept;

  // Complete once `run` has returned.
  const ChurnTally& tally() const noexcept { return tally_; }

 private:
  BlockDraws draws_;
  Rate rate_;
  std::uint64_t work_ns_;  // of each second
  std::vector<void*> blocks_;
  ChurnTally tally_;
};

// The names of its threads: the churn's name, then `NAME#1`… with NAME cut to 12 characters. The JVM's load names its
// threads in the same way.
std::vector<std::string> threadNames(const ChurnPlan& plan);

}  // namespace pauselab::engine
