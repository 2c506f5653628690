// The engine's instructions: a text file of lines `kind key=value …`, written by src/workload/native/engine-plan.ts
// and readable by hand. Every key of a kind is required unless it has a default here. Unknown keys are refused.
//
//   board    path=/dev/shm/x/board threshold_ns=100000000
//   parent   pid=1234                       die with this process (optional)
//   process  holder=same|foreign            foreign: holder and region are in a second process of the same session
//   holder   operation=madvise_free bytes=536870912 vmas=1 pages=small|huge pause_ns=0 active=1 toucher=1
//   hog      run_ns=0 sleep_ns=0            0 0: steady
//   io_hog   file_bytes=67108864 most_bytes=4294967296
//   victim   name=writer.mprotect operation=mprotect placement=isolated interval_ns=1000000 offset_ns=0 pool=0
//   joined   role=victim|load name=writer.mmap_munmap interval_ns=1000000 offset_ns=0
//   joined   role=holder name=holder operation=madvise_free     and role=toucher name=toucher: a holder inside the JVM
//   churn    name=load.churn seed=1 threads=4 per_s=1000 min_bytes=16384 max_bytes=1048576 live=64 burst_percent=50
//   holder   operation=jemalloc_purge … arena=3   beside a churn: purges its allocator; arena is optional
//   join     path=/dev/shm/x/board          in place of `board`: take the churn's seats on the board of another engine
//
// `joined` is a seat on the board for a thread of another process, such as a JVM, which maps the board and takes the
// seat of that name. The engine is ready when every seat is taken. A holder beside joined seats reads files of /proc
// about the process that took the first seat. `join` is for the foreign control of a churn. Only `parent`, `churn`
// and a purging `holder` may be beside it, and the engine that made the board has a `joined` line for each of their
// threads.
//
// Priorities, policies and CPUs are not here: the control plane sets them by tid, for a JVM in the same way.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "board/layout.h"

namespace pauselab::engine {

// Where a victim's memory lies relative to the holder's region.
enum class Placement {
  isolated,   // between PROT_NONE pages
  same,       // inside the VMA that the holder releases from, beyond the released range
  mergeable,  // next to the holder's VMA, with the same attributes
  adjacent,   // next to the holder's VMA, with attributes that keep the two apart
  crossing,   // far from the holder's, over two VMAs
};
// Placements relative to the holder's region, which therefore need a region in the same process.
constexpr bool besideHolder(Placement placement) {
  return placement != Placement::isolated && placement != Placement::crossing;
}
const char* nameOf(Placement placement);

struct HolderPlan {
  std::string operation;
  std::uint64_t bytes;  // of the region; a multiple of the page size after rounding up
  std::uint64_t vmas;   // VMAs that the released range spans
  bool hugePages;
  std::uint64_t pause_ns;                // rest between two calls
  bool active;                           // false: the holder does nothing (the idle control)
  bool toucher;                          // a second thread re-populates what was released
  std::optional<std::uint64_t> arena{};  // the only arena that a purge of jemalloc works on
};

struct HogPlan {
  std::uint64_t run_ns;  // 0: steady
  std::uint64_t sleep_ns;
};

// A thread that writes a file on a disk and makes the disk take it, again and again.
struct IoHogPlan {
  std::uint64_t file_bytes;  // of its file; then it begins anew
  std::uint64_t most_bytes;  // in all; then it ends
};

struct VictimPlan {
  std::string name;  // of its series
  std::string operation;
  Placement placement;
  std::uint64_t interval_ns;  // 0: back to back
  std::uint64_t offset_ns;
  std::uint64_t pool;  // fresh pages for the operations that use them up
  pid_t about = 0;     // the process that an operation from outside reads about; 0: this one
};

struct JoinedPlan {
  board::Role
      role;  // victim, holder: it has a series and a ring; toucher, load: its pid and tid alone are on the board
  std::string name;
  std::string operation;  // of a holder
  std::uint64_t interval_ns;
  std::uint64_t offset_ns;
};

// Blocks allocated, touched and freed through the allocator that serves malloc in the engine's process (churn.h).
struct ChurnPlan {
  std::string name;  // of its first thread
  std::uint64_t seed;
  std::uint64_t threads;
  std::uint64_t per_s;      // blocks of each thread
  std::uint64_t min_bytes;  // log-uniform between the two
  std::uint64_t max_bytes;
  std::uint64_t live;           // blocks that each thread keeps
  std::uint64_t burst_percent;  // part of each second in which it works
};

struct Plan {
  std::string boardPath;
  bool joins = false;  // the board is another engine's
  std::uint64_t threshold_ns;
  std::optional<std::uint64_t> parentPid;
  bool foreignHolder = false;
  std::optional<HolderPlan> holder;
  std::vector<HogPlan> hogs;
  std::vector<IoHogPlan> ioHogs;
  std::vector<VictimPlan> victims;
  std::vector<JoinedPlan> joined;
  std::vector<ChurnPlan> churns;
};

// Reads a plan. On an error it ends the program with `FILE:LINE: what was expected, what came` (exit 2).
Plan readPlan(const std::string& path);
Plan parsePlan(const std::string& text, const std::string& nameForErrors);

}  // namespace pauselab::engine
