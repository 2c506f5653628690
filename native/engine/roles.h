// The loops of the measured threads. Between `go` and the end of the drain they make their operations, read the
// clock, count, and sleep; all else has happened before.
#pragma once

#include <atomic>
#include <vector>

#include "board/board.h"
#include "engine/operation.h"
#include "engine/pacing.h"
#include "engine/schedstat.h"

namespace pauselab::engine {

// What the threads of one process share.
struct Shared {
  board::Board board;
  std::atomic<bool> hogsStop{false};  // set when every victim has ended
  Signal go{};                        // raised when the control plane has said `go`
  Signal releaseRequest{};            // holder to toucher
  Signal releaseDone{};               // toucher to holder

  std::uint64_t windowEnd_ns() noexcept { return board.header().window_end_ns.load(std::memory_order_relaxed); }
  std::uint64_t drainEnd_ns() noexcept { return board.header().drain_end_ns.load(std::memory_order_relaxed); }
  bool windowOver() noexcept { return monotonic_ns() >= windowEnd_ns(); }
};

void runVictim(Shared& shared, std::size_t thread, VictimAction& action, const Schedstat& schedstat) noexcept;
void runHolder(Shared& shared, std::size_t thread, const HolderPlan& plan, HolderAction& action, const Region& region,
               const Schedstat& schedstat) noexcept;
void runToucher(Shared& shared, const Region& region) noexcept;
void runHog(Shared& shared, const HogPlan& plan) noexcept;

// Keeps a disk and the journal of its file system busy.
class IoHog {
 public:
  // Makes its file. `count`: of all I/O hogs, whose files must find room.
  IoHog(const IoHogPlan& plan, std::size_t count);
  void run(Shared& shared, std::size_t seat) noexcept;

 private:
  IoHogPlan plan_;
  int fd_;
  std::vector<char> block_;
};

}  // namespace pauselab::engine
