// The holder's region, the victims' pages, and the proof of how they lie to each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/plan.h"

namespace pauselab::engine {

inline constexpr std::size_t kPageBytes = 4096;

// Mapping flags of all anonymous memory here: the same everywhere, since VMAs merge only when their flags agree.
extern const int kMapFlags;

// A page that a victim works on. Open and closed are the two protections it may take: which ones they are decides
// whether the page's VMA can merge with its neighbours.
struct VictimPage {
  char* address;
  Placement placement;
  int openProtection;
  int closedProtection;
};

// The memory that the holder releases.
//
//   reservation:  [guard 2 pages | region | tail pages for victims placed `same` | guard 2 pages]
//
// The guards are PROT_NONE; a `mergeable` or `adjacent` victim gets the guard page that touches the region's VMA.
class Region {
 public:
  Region(const HolderPlan& plan, const std::vector<VictimPlan>& victims);

  char* base() const { return base_; }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t vmas() const { return vmas_; }
  // Writes one byte to each page; gives up when `stop` becomes true.
  template <typename Stop>
  void populate(Stop stop) const noexcept {
    constexpr std::size_t kPagesBetweenLooks = 1024;
    for (std::size_t offset = 0, page = 0; offset < bytes_; offset += kPageBytes, ++page) {
      if (page % kPagesBetweenLooks == 0 && stop()) return;
      *const_cast<volatile char*>(base_ + offset) = 1;
    }
  }

  VictimPage placeVictim(const VictimPlan& victim);

 private:
  char* base_;
  std::size_t bytes_;
  std::uint64_t vmas_;
  char* vmaEnd_;
  bool afterTaken_ = false;
  bool beforeTaken_ = false;
  std::size_t tailTaken_ = 0;
};

// A page of its own, in a VMA of its own between PROT_NONE pages.
VictimPage isolatedPage();

// Checks in /proc/self/maps that everything lies as planned, and returns what was found as JSON. Ends the program
// with a sentence (exit 5) where the kernel laid it out in another way. `region` may be null (no holder here).
std::string verifiedLayout(const Region* region, const std::vector<std::pair<std::string, VictimPage>>& pages);

// Transparent huge pages off for the whole process, by prctl: madvise(NOHUGEPAGE) would set a VMA flag, and VMAs
// with different flags do not merge.
void disableHugePages();

}  // namespace pauselab::engine
