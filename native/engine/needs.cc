#include "engine/needs.h"

#include <algorithm>
#include <string>

#include "board/fail.h"
#include "engine/chunk_heap.h"
#include "engine/crew.h"
#include "engine/seats.h"

namespace pauselab::engine {

const VictimOperation& victimOperation(const VictimPlan& plan) {
  const VictimOperation* operation = findVictimOperation(plan.operation);
  if (operation == nullptr)
    fail(Exit::usage, "the engine knows no victim operation \"%s\"; `pauselab-engine operations` lists them",
         plan.operation.c_str());
  return *operation;
}

bool isOutside(const VictimPlan& victim) { return victimOperation(victim).outside; }

bool forks(const VictimPlan& victim) { return victimOperation(victim).forks; }

bool isForked(const Plan& plan) {
  return (plan.holder && holderOperation(*plan.holder).forks) ||
         std::any_of(plan.victims.begin(), plan.victims.end(), forks);
}

std::size_t allocatorsInHeap(const Plan& plan) {
  return static_cast<std::size_t>(std::count_if(plan.victims.begin(), plan.victims.end(), [](const VictimPlan& victim) {
    return victimOperation(victim).inHeap;
  }));
}

bool trimsHeap(const Plan& plan) { return plan.holder && holderOperation(*plan.holder).trims; }

namespace {

bool releasesChunks(const Plan& plan) { return plan.holder && holderOperation(*plan.holder).chunks; }

// No thread waits for a space of the heap, so there must be enough spaces. An allocating thread may have two and look
// for a third; the holder and the toucher have one each.
void checkHeap(const Plan& plan) {
  const std::size_t allocators = allocatorsInHeap(plan);
  if (allocators == 0) return;
  if (!releasesChunks(plan))
    fail(Exit::usage,
         "heap_allocate needs a holder that releases its heap in chunks (madvise_dontneed_chunks), and this plan has "
         "none");
  const std::size_t needed = (3 * allocators + 2) * ChunkHeap::kSpaceBytes;
  if (plan.holder->bytes < needed)
    fail(Exit::usage, "%zu threads need a heap of at least %zu bytes, and it has %lu", allocators, needed,
         plan.holder->bytes);
}

void checkHolder(const Plan& plan) {
  if (!plan.holder) return;
  const HolderOperation& operation = holderOperation(*plan.holder);
  if (operation.reads && plan.holder->toucher)
    fail(Exit::usage, "%s gives nothing back, so it can have no toucher", plan.holder->operation.c_str());
  if (!plan.joined.empty() && !(operation.reads && plan.victims.empty() && !plan.foreignHolder))
    fail(Exit::usage, "beside joined threads the holder must be an operation that reads files of /proc, got %s",
         plan.holder->operation.c_str());
}

void checkPlacements(const Plan& plan) {
  std::size_t besideVma = 0;
  for (const VictimPlan& victim : plan.victims) {
    const VictimOperation& operation = victimOperation(victim);
    if (operation.placements.any() ? !operation.placements.has(victim.placement)
                                   : victim.placement != Placement::isolated)
      fail(Exit::usage, "%s cannot be placed \"%s\"", victim.name.c_str(), nameOf(victim.placement));
    if ((victim.placement == Placement::mergeable || victim.placement == Placement::adjacent) && ++besideVma > 2)
      fail(Exit::usage, "%s is the third victim beside the holder's VMA, which has two sides; place it elsewhere",
           victim.name.c_str());
  }
}

// The last victim that uses the process-wide allocator in this way, or null.
const VictimPlan* userOfHeap(const Plan& plan, Heap use) {
  const VictimPlan* user = nullptr;
  for (const VictimPlan& victim : plan.victims)
    if (victimOperation(victim).heap == use) user = &victim;
  return user;
}

void keepApart(const Plan& plan, Heap use, Heap otherUse) {
  const VictimPlan* const a = userOfHeap(plan, use);
  const VictimPlan* const b = userOfHeap(plan, otherUse);
  if (a != nullptr && b != nullptr)
    fail(Exit::usage, "%s and %s cannot be in one process: each needs the allocator in another state (%s, %s)",
         a->name.c_str(), b->name.c_str(), a->operation.c_str(), b->operation.c_str());
}

// The operation that unmaps and maps again at the same place; empty if there is none.
std::string holeMaker(const Plan& plan) {
  std::string maker = plan.holder && holderOperation(*plan.holder).leavesHole ? plan.holder->operation : "";
  for (const VictimPlan& victim : plan.victims)
    if (victimOperation(victim).leavesHole) maker = victim.operation;
  return maker;
}

void checkAllocatorUse(const Plan& plan) {
  keepApart(plan, Heap::mapsLarge, Heap::keepsLarge);
  for (const Heap other : {Heap::uses, Heap::mapsLarge, Heap::keepsLarge}) keepApart(plan, Heap::movesBreak, other);
  const VictimPlan* const mapper = userOfHeap(plan, Heap::mapsLarge);
  const VictimPlan* const breakMover = userOfHeap(plan, Heap::movesBreak);
  if (const std::string hole = holeMaker(plan); mapper != nullptr && !hole.empty())
    fail(Exit::usage,
         "%s cannot be in one process with %s: a block that it maps could land where the other has just unmapped",
         mapper->name.c_str(), hole.c_str());
  for (const VictimPlan* const victim : {mapper, breakMover})
    if (victim != nullptr && !plan.churns.empty())
      fail(Exit::usage,
           "%s cannot be in one process with a churn: %s changes the allocator's state for the whole process",
           victim->name.c_str(), victim->operation.c_str());
  if (breakMover != nullptr && trimsHeap(plan))
    fail(Exit::usage,
         "%s moves the program break and cannot be in one process with the holder's %s, which moves it too",
         breakMover->name.c_str(), plan.holder->operation.c_str());
}

void checkOperations(const Plan& plan) {
  checkHeap(plan);
  checkHolder(plan);
  checkPlacements(plan);
  checkAllocatorUse(plan);
}

}  // namespace

void checkPlan(const Plan& plan) {
  if (plan.holder && !plan.churns.empty() && !isPurge(plan.holder->operation))
    fail(Exit::usage, "beside a churn the holder can only purge its allocator, got %s", plan.holder->operation.c_str());
  if (plan.joins) return;
  checkOperations(plan);
  for (const board::ThreadSpec& seat : seatsOf(plan).specs)
    for (const std::string& name : {seat.name, seat.series}) board::refuseLongName(name);
}

void chooseHugePages(const Plan& plan) {
  std::string wanted = plan.holder && holderOperation(*plan.holder).collapses ? plan.holder->operation : "";
  for (const VictimPlan& victim : plan.victims)
    if (needsHugePages(victimOperation(victim))) wanted = victim.operation;
  if (!wanted.empty() && hugePagesEverywhere())
    fail(Exit::unfit,
         "%s needs transparent huge pages, and while they are set to \"always\" all memory would have them; write "
         "madvise to /sys/kernel/mm/transparent_hugepage/enabled",
         wanted.c_str());
  if (wanted.empty() && !(plan.holder && plan.holder->hugePages)) disableHugePages();
}

}  // namespace pauselab::engine
