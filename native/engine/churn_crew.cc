#include "engine/churn_crew.h"

#include <unistd.h>

#include <cstdio>
#include <functional>
#include <optional>

#include "allocator/describe.h"
#include "board/fail.h"
#include "engine/memory_use.h"
#include "engine/seats.h"

namespace pauselab::engine {

ChurnCrew::ChurnCrew(const Plan& plan) {
  for (const ChurnPlan& churn : plan.churns) {
    const std::vector<std::string> names = threadNames(churn);
    for (std::size_t i = 0; i < names.size(); ++i)
      members_.push_back({.name = names[i], .churn = std::make_unique<Churn>(churn, i)});
  }
}

void ChurnCrew::start(Crew& crew, Shared& shared) {
  for (const Member& member : members_) {
    const std::optional<std::size_t> seat = shared.board.find(member.name);
    if (!seat)
      fail(Exit::usage,
           "the board has no seat %s for a thread of the churn; its plan needs a line `joined role=load name=%s`",
           member.name.c_str(), member.name.c_str());
    crew.start(*seat, [&shared, seat, churn = member.churn.get()](const Schedstat&) { churn->run(shared, *seat); });
  }
}

void ChurnCrew::print() const {
  if (members_.empty()) return;
  std::printf("{\"churn\":[");
  for (const Member& member : members_) {
    const ChurnTally& tally = member.churn->tally();
    std::printf(
        "%s{\"thread\":\"%s\",\"blocks\":%lu,\"allocatedBytes\":%lu,\"refused\":%lu,\"ticks\":%lu,\"droppedTicks\":%"
        "lu}",
        &member == members_.data() ? "" : ",", member.name.c_str(), tally.blocks, tally.allocated_bytes, tally.refused,
        tally.ticks, tally.dropped_ticks);
  }
  std::printf("]}\n");
  std::fflush(stdout);
}

namespace {

// Sleeps until `come` returns true, or until the end of the drain.
void restUntil(Shared& shared, const std::function<bool()>& come) {
  while (!come() && monotonic_ns() < shared.drainEnd_ns()) restInWindow(shared);
}

}  // namespace

void runJoined(const Plan& plan) {
  disableHugePages();
  Shared shared{.board = board::Board::open(plan.boardPath)};
  shared.board.lockMemory();
  ChurnCrew churns(plan);
  std::printf("{\"allocator\":%s}\n", allocator::describe().c_str());
  std::fflush(stdout);
  auto* crew = new Crew(shared);  // never destroyed: its threads never end
  HolderParts purge;
  if (plan.holder) {
    const std::optional<std::size_t> seat = shared.board.find(kPurgeThread);
    if (!seat)
      fail(Exit::usage, "the board has no seat %s; its plan needs a line `joined role=holder name=%s operation=%s`",
           kPurgeThread, kPurgeThread, plan.holder->operation.c_str());
    purge = prepareHolder(plan);
    startHolder(*crew, shared, *plan.holder, *seat, 0, purge);
  }
  churns.start(*crew, shared);
  crew->waitUntilRegistered();
  waitForGo(shared, [] {});
  restUntil(shared, [&] { return crew->allEnded(); });
  if (crew->allEnded()) churns.print();
  restUntil(shared, [&] {
    return shared.board.header().state.load(std::memory_order_acquire) >=
           static_cast<std::uint64_t>(board::State::done);
  });
  if (crew->allEnded()) printMemoryUse();
  _exit(0);
}

}  // namespace pauselab::engine
