#include "engine/exercise.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "board/fail.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

std::string json(std::optional<LockClass> lockClass) {
  return lockClass ? std::string("\"").append(nameOf(*lockClass)).append("\"") : std::string("null");
}

// A holder that may be in a process that is somebody else's.
bool isAnywhere(const VictimOperation&) { return false; }
bool isAnywhere(const HolderOperation& operation) { return operation.anywhere(); }

template <typename Operation>
void list(const char* kind, std::span<const Operation> table) {
  std::printf("\"%s\":[", kind);
  for (std::size_t i = 0; i < table.size(); ++i)
    std::printf("%s{\"name\":\"%s\",\"lockClass\":%s,\"crossingLockClass\":%s,\"calls\":\"%s\",\"anywhere\":%s}",
                i == 0 ? "" : ",", table[i].name.data(), json(table[i].lockClass).c_str(),
                json(table[i].crossingLockClass).c_str(), table[i].calls.data(),
                isAnywhere(table[i]) ? "true" : "false");
  std::printf("]");
}

template <typename Make>
void between(unsigned long count, Make make) {
  syscall(SYS_getppid);
  for (unsigned long i = 0; i < count; ++i)
    if (const int outcome = make(); outcome != 0)
      fail(Exit::workload, "operation %lu failed: %s", i,
           outcome == kExhausted ? "pool exhausted" : strerrorname_np(outcome));
  syscall(SYS_getppid);
}

}  // namespace

void listOperations() {
  std::printf("{");
  list("victims", victimOperations());
  std::printf(",");
  list("holders", holderOperations());
  std::printf("}\n");
}

void exercise(const char* name, unsigned long count, Placement placement) {
  const VictimOperation* const operation = findVictimOperation(name);
  if (operation == nullptr || !needsHugePages(*operation)) disableHugePages();
  if (operation != nullptr) {
    const VictimPlan plan{
        .name = name, .operation = name, .placement = placement, .interval_ns = 0, .offset_ns = 0, .pool = count};
    const auto action =
        operation->make(plan, operation->placements.any() ? ownPage(*operation, placement) : VictimPage{});
    action->warmUp();
    between(count, [&] { return action->perform(); });
    return;
  }
  const HolderOperation* const holder = findHolderOperation(name);
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
    return outcome != 0 ? outcome : action->restore();
  });
}

}  // namespace pauselab::engine
