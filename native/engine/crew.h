// The threads of a process that have seats on the board, and the holder among them. The engine's processes use it, and
// so does a JVM with a holder inside it (native/jvm/holder.cc).
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "engine/roles.h"

namespace pauselab::engine {

// Sleeps between two looks at the board: a millisecond.
void rest() noexcept;
// The same, but longer until the window is over, so that a thread that looks takes no CPU from those that are measured.
void restInWindow(Shared& shared) noexcept;

// Starts a thread that lives as long as its process.
void startThread(std::function<void()> body);

// Leaves the stack of the calling thread out of forks. A fork makes each private page read-only, so the first write of
// any thread to its own stack waits until the fork is done. For a victim that write would come before its operation,
// where nobody times it: the fork would stall the victim and no operation would show it.
void keepStackFromForks();

// The threads of one process and the gate that they wait at.
class Crew {
 public:
  explicit Crew(Shared& shared) : shared_(shared) {}

  // Starts a thread. It registers on the board, runs what is needed once, waits for `go`, runs `loop`, and writes to
  // its seat when it left the loop.
  void start(
      std::size_t index, std::function<void(const Schedstat&)> loop, std::function<void()> once = [] {});
  void waitUntilRegistered();
  bool allEnded() const { return ended_.load(std::memory_order_acquire) == count_; }

 private:
  Shared& shared_;
  Signal registered_;
  std::atomic<std::size_t> ended_{0};
  std::size_t count_ = 0;
};

// Calls `look` until the control plane says `go`, then releases the waiting threads and returns.
void waitForGo(Shared& shared, const std::function<void()>& look);

struct HolderParts {
  std::unique_ptr<Region> region;
  std::unique_ptr<HolderAction> action;
};

// Ends the program if there is no operation of that name.
const HolderOperation& holderOperation(const HolderPlan& plan);
// Makes the region and tries the operation on it. Calls `beforeTouch` with the region before anything is in it.
HolderParts prepareHolder(
    const Plan& plan, const std::function<void(const Region&)>& beforeTouch = [](const Region&) {});
// `parts` and `plan` must live until the process ends. The seats are indices of threads on the board.
void startHolder(Crew& crew, Shared& shared, const HolderPlan& plan, std::size_t holderSeat, std::size_t toucherSeat,
                 HolderParts& parts);

}  // namespace pauselab::engine
