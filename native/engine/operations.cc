// The table of operations. src/profile/operations.ts explains the same names to users; a test compares the two.
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

constexpr VictimOperation kVictims[] = {
    {"mmap_munmap", LockClass::mmapLockWrite, "mmap munmap", true, makeMmapMunmap},
    {"mprotect", LockClass::mmapLockWrite, "mprotect", true, makeMprotect},
    {"madvise_sequential", LockClass::mmapLockWrite, "madvise", true, makeMadviseSequential},
    {"first_fault", LockClass::mmapLockRead, "", false, makeFirstFault},
    {"madvise_cold_page", LockClass::mmapLockRead, "madvise", true, makeMadviseColdPage},
    {"warm_fault", LockClass::vmaLock, "", false, makeWarmFault},
    {"timer", LockClass::none, "clock_nanosleep", false, makeTimer},
    {"noop", LockClass::none, "", false, makeNoop},
#ifdef PAUSELAB_INJECT
    {"inject_pause", LockClass::none, "", false, makeInjectPause},
    {"inject_hang", LockClass::none, "", false, makeInjectHang},
    {"inject_crash", LockClass::none, "", false, makeInjectCrash},
    {"inject_refusal", LockClass::none, "madvise", false, makeInjectRefusal},
#endif
};

constexpr HolderOperation kHolders[] = {
    {"madvise_dontneed", LockClass::vmaLock, "madvise", makeMadviseDontneed},
    {"madvise_free", LockClass::vmaLock, "madvise", makeMadviseFree},
    {"madvise_cold", LockClass::mmapLockRead, "madvise", makeMadviseCold},
    {"mmap_none", LockClass::mmapLockWrite, "mmap mmap", makeMmapNone},
    {"munmap_mmap", LockClass::mmapLockWrite, "munmap mmap", makeMunmapMmap},
};

template <typename Operation>
const Operation* find(std::span<const Operation> table, std::string_view name) {
  for (const Operation& operation : table)
    if (operation.name == name) return &operation;
  return nullptr;
}

}  // namespace

const char* nameOf(LockClass lockClass) {
  switch (lockClass) {
    case LockClass::mmapLockWrite: return "mmap_lock write";
    case LockClass::mmapLockRead: return "mmap_lock read";
    case LockClass::vmaLock: return "VMA lock";
    case LockClass::none: return "none";
  }
  return "unknown";
}

std::span<const VictimOperation> victimOperations() { return kVictims; }
std::span<const HolderOperation> holderOperations() { return kHolders; }
const VictimOperation* findVictimOperation(std::string_view name) { return find(victimOperations(), name); }
const HolderOperation* findHolderOperation(std::string_view name) { return find(holderOperations(), name); }

}  // namespace pauselab::engine
