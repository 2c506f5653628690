#include "engine/exercise.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "board/fail.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

// The table declares the locks of this kernel (engine/operation.h). src/catalogue also has those of other kernels.
constexpr const char* kLocksOfKernel = "6.17";

std::string json(std::optional<LockClass> lockClass) {
  return lockClass ? std::string("\"").append(nameOf(*lockClass)).append("\"") : std::string("null");
}

const char* json(bool value) { return value ? "true" : "false"; }

std::string json(const Placements& placements) {
  std::string names;
  for (const Placement placement :
       {Placement::isolated, Placement::same, Placement::mergeable, Placement::adjacent, Placement::crossing})
    if (placements.has(placement)) names.append(names.empty() ? "\"" : ",\"").append(nameOf(placement)).append("\"");
  return "[" + names + "]";
}

const char* nameOfHeap(Heap heap) {
  switch (heap) {
    case Heap::untouched:
      return "untouched";
    case Heap::uses:
      return "uses";
    case Heap::mapsLarge:
      return "mapsLarge";
    case Heap::keepsLarge:
      return "keepsLarge";
    case Heap::movesBreak:
      return "movesBreak";
  }
  return "unknown";
}

void listOwn(const VictimOperation& operation) {
  std::printf("\"placements\":%s,\"heap\":\"%s\",\"inHeap\":%s", json(operation.placements).c_str(),
              nameOfHeap(operation.heap), json(operation.inHeap));
}

void listOwn(const HolderOperation& operation) {
  std::printf("\"reads\":%s,\"trims\":%s,\"chunks\":%s,\"anywhere\":%s", json(operation.reads), json(operation.trims),
              json(operation.chunks), json(operation.anywhere()));
}

template <typename Operation>
void list(const char* kind, std::span<const Operation> table) {
  std::printf("\"%s\":[", kind);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Operation& operation = table[i];
    std::printf("%s{\"name\":\"%s\",\"lockClass\":%s,\"crossingLockClass\":%s,\"calls\":\"%s\",\"leavesHole\":%s,",
                i == 0 ? "" : ",", operation.name.data(), json(operation.lockClass).c_str(),
                json(operation.crossingLockClass).c_str(), operation.calls.data(), json(operation.leavesHole));
    listOwn(operation);
    std::printf("}");
  }
  std::printf("]");
}

template <typename Make>
void between(unsigned long count, Make make) {
  syscall(SYS_getppid);
  for (unsigned long i = 0; i < count; ++i)
    if (const int outcome = make(); outcome != 0 && outcome != kGaveUp)
      fail(Exit::workload, "operation %lu failed: %s", i,
           outcome == kExhausted ? "pool exhausted" : strerrorname_np(outcome));
  syscall(SYS_getppid);
}

}  // namespace

void listOperations() {
  std::printf("{\"kernel\":\"%s\",", kLocksOfKernel);
  list("victims", victimOperations());
  std::printf(",");
  list("holders", holderOperations());
  std::printf("}\n");
}

void exercise(const char* name, unsigned long count, Placement placement) {
  const VictimOperation* const operation = findVictimOperation(name);
  const HolderOperation* const holder = findHolderOperation(name);
  const bool hugePages = operation != nullptr ? needsHugePages(*operation) : holder != nullptr && holder->collapses;
  if (!hugePages) disableHugePages();
  if (operation != nullptr) {
    const VictimPlan plan{
        .name = name, .operation = name, .placement = placement, .interval_ns = 0, .offset_ns = 0, .pool = count};
    const auto action =
        operation->make(plan, operation->placements.any() ? ownPage(*operation, placement) : VictimPage{});
    action->warmUp();
    between(count, [&] { return action->perform(); });
    return;
  }
  if (holder == nullptr)
    fail(Exit::usage, "no operation is named \"%s\"; `pauselab-engine operations` lists them", name);
  constexpr std::uint64_t kBytes = 1 << 20;
  const HolderPlan plan{.operation = name,
                        .bytes = kBytes,
                        .vmas = 1,
                        .hugePages = false,
                        .pause_ns = 0,
                        .active = true,
                        .toucher = false};
  const auto region = makeRegion(*holder, plan, {});
  region->populate([] { return false; });
  const auto action = holder->make({.region = *region, .victims = getpid()});
  between(count, [&] {
    const int outcome = action->release();
    if (outcome != 0) return outcome;
    if (const int restored = action->restore(); restored != 0) return restored;
    if (holder->collapses) region->populate([] { return false; });  // without small pages there is nothing to collapse
    return 0;
  });
}

}  // namespace pauselab::engine
