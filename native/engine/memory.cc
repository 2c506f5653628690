#include "engine/memory.h"

#include <sys/mman.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "board/fail.h"
#include "engine/apart.h"
#include "engine/maps.h"

namespace pauselab::engine {
namespace {

constexpr std::size_t kGuardBytes = 2 * kPageBytes;

std::size_t roundUp(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

char* reserve(std::size_t bytes) {
  void* memory = reserveApart(bytes, kMapFlags);
  if (memory == MAP_FAILED)
    fail(Exit::unfit, "%zu bytes of address space could not be reserved: %s", bytes, strerror(errno));
  return static_cast<char*>(memory);
}

void protect(char* start, std::size_t bytes, int protection) {
  if (mprotect(start, bytes, protection) != 0)
    fail(Exit::unfit, "mprotect of %zu bytes before the window failed: %s", bytes, strerrorname_np(errno));
}

void advise(char* start, std::size_t bytes, int advice, const char* name) {
  if (madvise(start, bytes, advice) != 0)
    fail(Exit::unfit, "madvise(%s) before the window was refused by this kernel: %s", name, strerrorname_np(errno));
}

// The tail has a page of the region on both sides of each victim's page, so that two victims share a VMA only if it is
// the holder's.
std::size_t tailBytesFor(const std::vector<VictimPlan>& victims) {
  const auto same = static_cast<std::size_t>(std::count_if(
      victims.begin(), victims.end(), [](const VictimPlan& v) { return v.placement == Placement::same; }));
  return same == 0 ? 0 : (2 * same + 1) * kPageBytes;
}

// A process may have so many VMAs, and some are left to its libraries, stacks and heaps.
void refuseTooManyVmas(std::uint64_t vmas) {
  constexpr std::uint64_t kOthers = 1'000;
  std::uint64_t most = 0;
  std::ifstream("/proc/sys/vm/max_map_count") >> most;
  if (vmas > 2 && most > 0 && vmas + kOthers > most)
    fail(Exit::unfit,
         "a region of %lu VMAs needs vm.max_map_count of at least %lu, and it is %lu here; raise it (sysctl "
         "vm.max_map_count=%lu), or give holder.vmas a smaller number",
         vmas, vmas + kOthers, most, vmas + kOthers);
}

}  // namespace

const int kMapFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

Region::Region(const HolderPlan& plan, const std::vector<VictimPlan>& victims, std::size_t alignment)
    : vmas_(plan.vmas) {
  refuseTooManyVmas(vmas_);
  if (plan.hugePages) alignment = kHugePageBytes;
  bytes_ = roundUp(std::max<std::size_t>(plan.bytes, plan.vmas * alignment), alignment * plan.vmas);
  const std::size_t tailBytes = tailBytesFor(victims);
  char* reservation = reserve(2 * kGuardBytes + bytes_ + tailBytes + alignment);
  base_ = reinterpret_cast<char*>(roundUp(reinterpret_cast<std::uintptr_t>(reservation) + kGuardBytes, alignment));
  vmaEnd_ = base_ + bytes_ + tailBytes;

  if (plan.hugePages) advise(base_, bytes_ + tailBytes, MADV_HUGEPAGE, "HUGEPAGE");
  protect(base_, bytes_ + tailBytes, PROT_READ | PROT_WRITE);
  // The cheapest way to split a range into VMAs: a flag that only core dumps look at. Every second VMA has it.
  const std::size_t vmaBytes = bytes_ / vmas_;
  for (std::uint64_t i = 1; i < vmas_; i += 2)
    advise(base_ + i * vmaBytes, vmaBytes + (i + 1 == vmas_ ? tailBytes : 0), MADV_DONTDUMP, "DONTDUMP");
}

void Region::populate(const std::function<bool()>& stop) const noexcept {
  constexpr std::size_t kPagesBetweenLooks = 1024;
  for (std::size_t offset = 0, page = 0; offset < bytes_; offset += kPageBytes, ++page) {
    if (page % kPagesBetweenLooks == 0 && stop()) return;
    *const_cast<volatile char*>(base_ + offset) = 1;
  }
}

VictimPage Region::placeVictim(const VictimPlan& victim) {
  constexpr int kOpen = PROT_READ | PROT_WRITE;
  if (victim.placement == Placement::same) {
    char* page = base_ + bytes_ + (2 * tailTaken_++ + 1) * kPageBytes;
    return {.address = page,
            .bytes = kPageBytes,
            .placement = victim.placement,
            .openProtection = kOpen,
            .closedProtection = PROT_READ};
  }
  char* page = !afterTaken_ ? vmaEnd_ : base_ - kPageBytes;
  (!afterTaken_ ? afterTaken_ : beforeTaken_) = true;
  // Never writable, so its protection never equals the region's, and the two VMAs stay apart.
  if (victim.placement == Placement::adjacent) {
    protect(page, kPageBytes, PROT_READ);
    return {.address = page,
            .bytes = kPageBytes,
            .placement = victim.placement,
            .openProtection = PROT_READ,
            .closedProtection = PROT_NONE};
  }
  protect(page, kPageBytes, kOpen);
  return {.address = page,
          .bytes = kPageBytes,
          .placement = victim.placement,
          .openProtection = kOpen,
          .closedProtection = PROT_READ};
}

namespace {

// Maps a range between PROT_NONE pages, and touches it.
VictimPage ownRange(const RangeShape& shape, Placement placement, std::size_t bytes) {
  constexpr int kOpen = PROT_READ | PROT_WRITE;
  char* reservation = reserve(bytes + shape.vmaBytes + 2 * kPageBytes);
  char* start =
      reinterpret_cast<char*>(roundUp(reinterpret_cast<std::uintptr_t>(reservation) + kPageBytes, shape.vmaBytes));
  if (!shape.shared) {
    protect(start, bytes, kOpen);
  } else if (mmap(start, bytes, kOpen, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
    fail(Exit::unfit, "%zu bytes of shared memory could not be mapped: %s", bytes, strerror(errno));
  }
  for (std::size_t offset = 0; offset < bytes; offset += kPageBytes) *const_cast<volatile char*>(start + offset) = 1;
  return {
      .address = start, .bytes = bytes, .placement = placement, .openProtection = kOpen, .closedProtection = PROT_READ};
}

}  // namespace

VictimPage isolatedPage(const RangeShape& shape) { return ownRange(shape, Placement::isolated, shape.vmaBytes); }

VictimPage crossingPage(const RangeShape& shape) {
  const VictimPage range = ownRange(shape, Placement::crossing, 2 * shape.vmaBytes);
  advise(range.address + shape.vmaBytes, shape.vmaBytes, shape.separator, "DONTDUMP or DONTFORK");
  return range;
}

namespace {

std::string json(const Vma& vma) {
  char text[96];
  std::snprintf(text, sizeof text, "{\"start\":\"0x%lx\",\"end\":\"0x%lx\",\"permissions\":\"%s\"}", vma.start, vma.end,
                vma.perms);
  return text;
}

std::uintptr_t addressOf(const char* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

bool isFree(const std::vector<Vma>& maps, std::uintptr_t start) {
  const auto found = overlapping(maps, start, start + kPageBytes);
  return found.empty() || !found.front().accessible();
}

// Do the victim's VMAs lie relative to the region's as planned?
bool liesAsPlanned(const std::vector<Vma>& maps, const std::vector<Vma>& regionVmas, const VictimPage& page,
                   const std::vector<Vma>& vmas) {
  if (vmas.size() != (page.placement == Placement::crossing ? 2 : 1)) return false;
  const Vma& own = vmas.front();
  const auto isOwn = [&own](const Vma& vma) { return vma.start == own.start; };
  const bool inRegion = std::any_of(regionVmas.begin(), regionVmas.end(), isOwn);
  switch (page.placement) {
    case Placement::isolated:
    case Placement::crossing:
      return !inRegion && isFree(maps, addressOf(page.address) - kPageBytes) &&
             isFree(maps, addressOf(page.address) + page.bytes);
    case Placement::same:
    case Placement::mergeable:
      return inRegion;
    case Placement::adjacent:
      return !inRegion && (own.start == regionVmas.back().end || own.end == regionVmas.front().start);
  }
  return false;
}

}  // namespace

std::string verifiedLayout(const Region* region, const std::vector<std::pair<std::string, VictimPage>>& pages) {
  const std::vector<Vma> maps = readMaps();
  std::string result = "{";
  std::vector<Vma> regionVmas;
  if (region != nullptr) {
    regionVmas = overlapping(maps, addressOf(region->base()), addressOf(region->base()) + region->bytes());
    if (regionVmas.size() != region->vmas())
      fail(Exit::unfit,
           "the released range should span %lu VMA(s), and spans %zu in /proc/self/maps; this kernel lays memory out "
           "differently",
           region->vmas(), regionVmas.size());
    result += "\"regionBytes\":" + std::to_string(region->bytes()) + ",\"regionVmas\":[";
    // Of a region of many VMAs, the first and the last: thousands would make the bundle large and say nothing more.
    constexpr std::size_t kMostShown = 16;
    if (regionVmas.size() > kMostShown) {
      result.append(json(regionVmas.front())).append(",").append(json(regionVmas.back()));
    } else {
      for (const Vma& vma : regionVmas) result.append(result.back() == '[' ? "" : ",").append(json(vma));
    }
    result += "],";
  }
  result += "\"victims\":[";
  for (const auto& [name, page] : pages) {
    const auto own = overlapping(maps, addressOf(page.address), addressOf(page.address) + page.bytes);
    if (!liesAsPlanned(maps, regionVmas, page, own))
      fail(Exit::unfit,
           "the memory of %s should lie \"%s\" relative to the holder's, and does not in /proc/self/maps; this kernel "
           "lays memory out differently",
           name.c_str(), nameOf(page.placement));
    result.append(result.back() == '[' ? "" : ",").append("{\"series\":\"").append(name);
    result.append("\",\"placement\":\"").append(nameOf(page.placement)).append("\",\"vma\":").append(json(own.front()));
    if (own.size() == 2) result.append(",\"secondVma\":").append(json(own.back()));
    result.append("}");
  }
  return result + "]}";
}

void disableHugePages() {
  if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
    fail(Exit::unfit, "transparent huge pages could not be switched off for the workload: %s", strerror(errno));
}

bool hugePagesEverywhere() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string text;
  std::getline(file, text);
  return text.find("[always]") != std::string::npos;
}

}  // namespace pauselab::engine
