// The seats on the board of a plan's threads.
#pragma once

#include <cstddef>
#include <vector>

#include "board/board.h"
#include "engine/plan.h"

namespace pauselab::engine {

// The seat of the thread that purges an allocator.
inline constexpr const char* kPurgeThread = "purge";

// Threads on the board, in this order: victims, holder, toucher, hogs, I/O hogs, joined threads, the churns' threads.
struct Seats {
  std::vector<board::ThreadSpec> specs;
  std::size_t holder = 0, toucher = 0, firstHog = 0, firstIoHog = 0, firstJoined = 0;
};

Seats seatsOf(const Plan& plan);

}  // namespace pauselab::engine
