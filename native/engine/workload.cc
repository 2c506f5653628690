// The order of a run: make the board, (fork the foreign holder,) map and touch everything, start the threads, verify
// the layout, (wait for threads of other processes to join,) set `ready`; wait for `go`; wait for the end; set `done`.
#include "engine/workload.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "allocator/describe.h"
#include "board/fail.h"
#include "engine/chunk_heap.h"
#include "engine/churn_crew.h"
#include "engine/crew.h"
#include "engine/memory_use.h"
#include "engine/needs.h"
#include "engine/roles.h"
#include "engine/seats.h"
#include "engine/second_process.h"
#include "engine/victims.h"

namespace pauselab::engine {
namespace {

using board::Role;
using board::State;

void beat(Shared& shared) { shared.board.header().heartbeat_ns.store(monotonic_ns(), std::memory_order_release); }

bool hasEnded(Shared& shared, std::size_t index) {
  return shared.board.thread(index).ended_ns.load(std::memory_order_acquire) != 0;
}

bool victimsEnded(Shared& shared, const Plan& plan, const Seats& seats) {
  for (std::size_t i = 0; i < plan.victims.size(); ++i)
    if (!hasEnded(shared, i)) return false;
  for (std::size_t i = 0; i < plan.joined.size(); ++i)
    if (plan.joined[i].role == Role::victim && !hasEnded(shared, seats.firstJoined + i)) return false;
  return true;
}

bool joinedEnded(Shared& shared, const Plan& plan, const Seats& seats) {
  for (std::size_t i = 0; i < plan.joined.size(); ++i)
    if (!hasEnded(shared, seats.firstJoined + i)) return false;
  return true;
}

// Waits until every seat has its thread. The control plane decides how long that may take, and ends the engine.
void waitUntilJoined(Shared& shared, const Plan& plan, const Seats& seats) {
  for (std::size_t i = 0; i < plan.joined.size(); ++i) {
    while (shared.board.thread(seats.firstJoined + i).tid.load(std::memory_order_acquire) == 0) {
      beat(shared);
      rest();
    }
  }
}

// A holder that reads files of /proc about the process that joined. The region is that process's memory.
HolderParts prepareJoinedReader(Shared& shared, const Plan& plan, const Seats& seats) {
  const auto process = static_cast<pid_t>(shared.board.thread(seats.firstJoined).pid.load(std::memory_order_acquire));
  HolderParts parts;
  parts.region = std::make_unique<Region>(nullptr, 0);
  parts.action = holderOperation(*plan.holder).make({.region = *parts.region, .victims = process});
  if (const int outcome = parts.action->release(); outcome != 0)
    fail(Exit::unfit, "this kernel refused %s of process %d before the window: %s; %s", plan.holder->operation.c_str(),
         process, strerrorname_np(outcome), parts.action->remedy(outcome));
  return parts;
}

void belongToParent(const Plan& plan) {
  if (!plan.parentPid) return;
  dieWith(static_cast<pid_t>(*plan.parentPid));
  // Ctrl-C and the end of a terminal reach the whole process group. The control plane decides what they mean.
  for (const int ignored : {SIGINT, SIGHUP}) signal(ignored, SIG_IGN);
}

// Makes the holder's parts in this process, and starts its second process if it has one.
HolderParts prepareHolderOf(const Plan& plan, Shared& shared, const Seats& seats, ForeignHolder& foreign) {
  if (!plan.holder || !plan.joined.empty()) return {};  // beside joined threads it needs their process: made later
  const HolderOperation& operation = holderOperation(*plan.holder);
  const auto never = [] { return false; };
  HolderParts parts;
  if (plan.foreignHolder) {
    foreign.start(shared, plan, seats, nullptr);
    // The allocating threads need a heap even without this holder.
    if (allocatorsInHeap(plan) > 0) (parts.region = makeRegion(operation, *plan.holder, {}))->populate(never);
  } else if (operation.reads) {
    parts.region = makeRegion(operation, *plan.holder, plan.victims);
    foreign.start(shared, plan, seats, parts.region.get());
    parts.region->populate(never);
  } else {
    parts = prepareHolder(plan);
  }
  return parts;
}

std::vector<IoHog> makeIoHogs(const Plan& plan) {
  std::vector<IoHog> hogs;
  for (const IoHogPlan& hog : plan.ioHogs) hogs.emplace_back(hog, plan.ioHogs.size());
  return hogs;
}

// A workload of the engine's threads: its parts, and the run from preparation to its end.
class Workload {
 public:
  explicit Workload(const Plan& plan)
      : plan_(plan),
        seats_(seatsOf(plan)),
        shared_{.board = board::Board::create(plan.boardPath, seats_.specs, plan.threshold_ns)},
        outside_(shared_, plan),
        holder_(prepareHolderOf(plan, shared_, seats_, foreign_)),
        victims_(prepareVictims(plan, holder_)),
        churns_(plan),
        ioHogs_(makeIoHogs(plan)),
        crew_(shared_) {
    if (allocatorsInHeap(plan) > 0) ChunkHeap::ofThisProcess().verify();  // the threads have tried their operation
  }

  void startThreads() {
    startVictims();
    if (holder_.action) startHolderThreads();
    startHogs();
    startIoHogs();
    churns_.start(crew_, shared_);
    if (!plan_.joined.empty()) welcomeJoined();
    crew_.waitUntilRegistered();
    outside_.waitUntilRegistered(shared_, plan_);
  }

  void sayReady() {
    std::printf("{\"layout\":%s,\"foreignLayout\":%s,\"notes\":[%s],\"memoryLocked\":%s,\"allocator\":%s}\n",
                victims_.layout.c_str(), foreign_.exists() ? foreign_.layout().c_str() : "null", victims_.notes.c_str(),
                header().memory_locked.load() != 0 ? "true" : "false", allocator::describe().c_str());
    std::fflush(stdout);
    beat(shared_);
    enter(State::ready);
  }

  void waitUntilGo() {
    waitForGo(shared_, [this] {
      beat(shared_);
      outside_.checkAlive();
      if (foreign_.exists() && foreign_.ended())
        fail(Exit::workload, "the foreign holder's process ended before the window");
    });
    enter(State::running);
  }

  // Waits for the end of the window and of the operations that are owed then, or for the end of the drain.
  void watch() {
    while (!isOver()) restInWindow(shared_);
    foreign_.kill();
    outside_.kill();
  }

  void sayDone() {
    if (crew_.allEnded()) {
      churns_.print();
      printMemoryUse();
      if (allocatorsInHeap(plan_) > 0) ChunkHeap::ofThisProcess().verify();
    }
    enter(State::done);
  }

 private:
  board::Header& header() { return shared_.board.header(); }
  void enter(State state) { header().state.store(static_cast<std::uint64_t>(state), std::memory_order_release); }

  void startVictims() {
    for (std::size_t i = 0; i < plan_.victims.size(); ++i) {
      if (isOutside(plan_.victims[i])) continue;
      crew_.start(
          i, [this, i](const Schedstat& schedstat) { runVictim(shared_, i, *victims_.actions[i], schedstat); },
          [this, i] {
            victims_.actions[i]->warmUp();
            if (isForked(plan_) && !forks(plan_.victims[i])) keepStackFromForks();
          });
    }
  }

  void startHolderThreads() { startHolder(crew_, shared_, *plan_.holder, seats_.holder, seats_.toucher, holder_); }

  void startHogs() {
    for (std::size_t i = 0; i < plan_.hogs.size(); ++i)
      crew_.start(seats_.firstHog + i, [this, i](const Schedstat&) { runHog(shared_, plan_.hogs[i]); });
  }

  void startIoHogs() {
    for (std::size_t i = 0; i < ioHogs_.size(); ++i) {
      const std::size_t seat = seats_.firstIoHog + i;
      crew_.start(seat, [this, i, seat](const Schedstat&) { ioHogs_[i].run(shared_, seat); });
    }
  }

  // Threads of another process take their seats. A holder that reads that process can be made only then.
  void welcomeJoined() {
    waitUntilJoined(shared_, plan_, seats_);
    if (!plan_.holder) return;
    holder_ = prepareJoinedReader(shared_, plan_, seats_);
    startHolderThreads();
  }

  bool isOver() {
    beat(shared_);
    outside_.checkAlive();
    const std::uint64_t now_ns = monotonic_ns();
    const bool drainOver = now_ns >= shared_.drainEnd_ns();
    const bool windowOver = now_ns >= shared_.windowEnd_ns();
    if (drainOver || (windowOver && victimsEnded(shared_, plan_, seats_)))
      shared_.hogsStop.store(true, std::memory_order_relaxed);
    const bool foreignEnded = !foreign_.exists() || foreign_.ended();
    // Without seats the window must still pass: another program runs in it.
    return drainOver || (windowOver && crew_.allEnded() && foreignEnded && victimsEnded(shared_, plan_, seats_) &&
                         joinedEnded(shared_, plan_, seats_));
  }

  // In the order in which they are made: the foreign holder is forked before this process has threads or a region.
  const Plan& plan_;
  const Seats seats_;
  Shared shared_;
  ForeignHolder foreign_;
  OutsideVictims outside_;
  HolderParts holder_;
  VictimParts victims_;
  ChurnCrew churns_;
  std::vector<IoHog> ioHogs_;
  Crew crew_;
};

}  // namespace

void runWorkload(const Plan& plan) {
  belongToParent(plan);
  checkPlan(plan);  // before anything is made
  if (plan.joins) runJoined(plan);
  chooseHugePages(plan);
  if (trimsHeap(plan)) shareOneArena();       // also for the foreign control's victims, so that nothing else differs
  auto* const workload = new Workload(plan);  // never destroyed: its threads never end
  workload->startThreads();
  workload->sayReady();
  workload->waitUntilGo();
  workload->watch();
  workload->sayDone();
  // Without unwinding: the threads end with the process.
  _exit(0);
}

}  // namespace pauselab::engine
