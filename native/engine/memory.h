// The holder's region, the victims' pages, and the proof of how they lie relative to each other.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/plan.h"

namespace pauselab::engine {

inline constexpr std::size_t kPageBytes = 4096;
inline constexpr std::size_t kHugePageBytes = 2 * 1024 * 1024;

// Mapping flags of all anonymous memory here. The same everywhere, because VMAs of different flags do not merge.
extern const int kMapFlags;

// A range that a victim works on: a page, unless its operation needs more or it crosses VMAs. Its open and its closed
// protection decide whether the page's VMA can merge with its neighbours.
struct VictimPage {
  char* address;
  std::size_t bytes;
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
  // `alignment`: of each VMA; huge pages need theirs in any case.
  Region(const HolderPlan& plan, const std::vector<VictimPlan>& victims, std::size_t alignment = kPageBytes);
  // A region of memory that the caller made.
  Region(char* base, std::size_t bytes, std::uint64_t vmas = 1)
      : base_(base), bytes_(bytes), vmas_(vmas), vmaEnd_(base + bytes) {}
  virtual ~Region() = default;

  char* base() const { return base_; }
  std::size_t bytes() const { return bytes_; }
  // The number of VMAs that the released range spans, as laid out before the window.
  std::uint64_t vmas() const { return vmas_; }
  // Writes a byte to each page, until `stop` returns true.
  virtual void populate(const std::function<bool()>& stop) const noexcept;

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

// What kind of range an operation works on.
struct RangeShape {
  std::size_t vmaBytes = kPageBytes;  // also its alignment
  bool shared = false;                // memory of a tmpfs file, which MADV_REMOVE needs
  int separator = MADV_DONTDUMP;      // advice that keeps the second VMA of a crossing range apart from the first
};

// A range in a separate VMA, between PROT_NONE pages.
VictimPage isolatedPage(const RangeShape& shape = {});
// The same, but over two VMAs of equal size.
VictimPage crossingPage(const RangeShape& shape = {});

// Checks in /proc/self/maps that everything lies as planned, and returns the layout as JSON. Ends the program with a
// sentence (exit 5) if the kernel laid it out in another way. `region` may be null (no holder in this process).
std::string verifiedLayout(const Region* region, const std::vector<std::pair<std::string, VictimPage>>& pages);

// Switches transparent huge pages off for the whole process, by prctl. madvise(NOHUGEPAGE) would set a VMA flag, and
// VMAs with different flags do not merge.
void disableHugePages();
// Whether every mapping gets huge pages by default: /sys/kernel/mm/transparent_hugepage/enabled is "always".
bool hugePagesEverywhere();

}  // namespace pauselab::engine
