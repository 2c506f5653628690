// madvise as an operation. A victim's operation has three forms, each for any advice: the same advice every time, two
// advices in turns (for advices that set a flag of the VMA: each call changes something), and two in one operation.
#pragma once

#include <sys/mman.h>

#include "engine/operation.h"

// Newer than this libc's headers; the kernel's numbers (asm-generic/mman-common.h).
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

namespace pauselab::engine {

std::unique_ptr<VictimAction> makeAdviceTurns(const VictimPage& page, int first, int second);
std::unique_ptr<VictimAction> makeAdvicePair(const VictimPage& page, int first, int second);

template <int Advice>
std::unique_ptr<VictimAction> madvisePage(const VictimPlan&, const VictimPage& page) {
  return makeAdviceTurns(page, Advice, Advice);
}

template <int First, int Second>
std::unique_ptr<VictimAction> madviseInTurns(const VictimPlan&, const VictimPage& page) {
  return makeAdviceTurns(page, First, Second);
}

template <int First, int Second>
std::unique_ptr<VictimAction> madvisePair(const VictimPlan&, const VictimPage& page) {
  return makeAdvicePair(page, First, Second);
}

// A holder's operation over its region: an advice, and an advice that undoes it if a second call needs that.
std::unique_ptr<HolderAction> makeAdviceOverRegion(const Region& region, int advice, std::optional<int> undo);

template <int Advice>
std::unique_ptr<HolderAction> madviseRegion(const HolderSite& site) {
  return makeAdviceOverRegion(site.region, Advice, std::nullopt);
}

template <int Advice, int Undo>
std::unique_ptr<HolderAction> madviseAndUndo(const HolderSite& site) {
  return makeAdviceOverRegion(site.region, Advice, Undo);
}

}  // namespace pauselab::engine
