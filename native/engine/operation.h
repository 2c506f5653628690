// The operations: what victims are timed at, and what holders hold the lock with.
//
// Adding one: a small struct in its family's file under engine/operations/, and one line in the table in
// operations.cc. What a line declares (lock class and system calls) is compared with strace by a test.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "engine/memory.h"

namespace pauselab::engine {

// The lock that an operation's call takes on Linux >= 6.17, on a range inside one VMA.
enum class LockClass { mmapLockWrite, mmapLockRead, vmaLock, none };
const char* nameOf(LockClass lockClass);

// perform()'s outcomes besides 0 and an errno value.
inline constexpr int kExhausted = -1;  // nothing left of what each operation uses up

// A victim's operation. Made and tried before the window; `perform` is on the hot path.
class VictimAction {
 public:
  virtual ~VictimAction() = default;
  // 0, kExhausted, or the errno of the call that the kernel refused.
  virtual int perform() noexcept = 0;
};

struct VictimOperation {
  std::string_view name;
  LockClass lockClass;
  std::string_view calls;  // system calls of one operation, separated by spaces; "" for none
  bool needsPage;          // works on a placed page; else it makes its own memory from `pool`
  std::unique_ptr<VictimAction> (*make)(const VictimPlan& plan, const VictimPage& page);
};

// A holder's operation: `release` gives the region back, `restore` maps it again where that is needed.
class HolderAction {
 public:
  virtual ~HolderAction() = default;
  virtual int release() noexcept = 0;
  virtual int restore() noexcept { return 0; }
  virtual bool restores() const noexcept { return false; }
};

struct HolderOperation {
  std::string_view name;
  LockClass lockClass;
  std::string_view calls;  // of one release and restore
  std::unique_ptr<HolderAction> (*make)(const Region& region);
};

std::span<const VictimOperation> victimOperations();
std::span<const HolderOperation> holderOperations();
// Null when there is none of that name.
const VictimOperation* findVictimOperation(std::string_view name);
const HolderOperation* findHolderOperation(std::string_view name);

// The families, one file each.
std::unique_ptr<VictimAction> makeMmapMunmap(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMprotect(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMadviseSequential(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMadviseColdPage(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeFirstFault(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeWarmFault(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeTimer(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeNoop(const VictimPlan&, const VictimPage&);
std::unique_ptr<HolderAction> makeMadviseDontneed(const Region&);
std::unique_ptr<HolderAction> makeMadviseFree(const Region&);
std::unique_ptr<HolderAction> makeMadviseCold(const Region&);
std::unique_ptr<HolderAction> makeMmapNone(const Region&);
std::unique_ptr<HolderAction> makeMunmapMmap(const Region&);
#ifdef PAUSELAB_INJECT
// Only in the test build of the engine: known pauses, hangs and crashes.
std::unique_ptr<VictimAction> makeInjectPause(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeInjectHang(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeInjectCrash(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeInjectRefusal(const VictimPlan&, const VictimPage&);
#endif

}  // namespace pauselab::engine
