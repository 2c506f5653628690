// What holders do: give the region back to the kernel.
#include <sys/mman.h>

#include <cerrno>

#include "engine/operation.h"

namespace pauselab::engine {
namespace {

class Madvise final : public HolderAction {
 public:
  Madvise(const Region& region, int advice) : base_(region.base()), bytes_(region.bytes()), advice_(advice) {}

  int release() noexcept override { return madvise(base_, bytes_, advice_) == 0 ? 0 : errno; }

 private:
  char* base_;
  std::size_t bytes_;
  int advice_;
};

// HotSpot's uncommit and commit: the reservation stays, so the memory goes by mapping PROT_NONE over it.
class MmapNone final : public HolderAction {
 public:
  explicit MmapNone(const Region& region) : base_(region.base()), bytes_(region.bytes()) {}

  int release() noexcept override { return map(PROT_NONE); }
  int restore() noexcept override { return map(PROT_READ | PROT_WRITE); }
  bool restores() const noexcept override { return true; }

 private:
  int map(int protection) const noexcept { return mmap(base_, bytes_, protection, kMapFlags | MAP_FIXED, -1, 0) == MAP_FAILED ? errno : 0; }

  char* base_;
  std::size_t bytes_;
};

// Unmaps and maps again at the same place. Between the two the hole belongs to nobody, so the second call refuses to
// replace what somebody else may have put there.
class MunmapMmap final : public HolderAction {
 public:
  explicit MunmapMmap(const Region& region) : base_(region.base()), bytes_(region.bytes()) {}

  int release() noexcept override { return munmap(base_, bytes_) == 0 ? 0 : errno; }
  int restore() noexcept override {
    return mmap(base_, bytes_, PROT_READ | PROT_WRITE, kMapFlags | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED ? errno : 0;
  }
  bool restores() const noexcept override { return true; }

 private:
  char* base_;
  std::size_t bytes_;
};

}  // namespace

std::unique_ptr<HolderAction> makeMadviseDontneed(const Region& region) { return std::make_unique<Madvise>(region, MADV_DONTNEED); }
std::unique_ptr<HolderAction> makeMadviseFree(const Region& region) { return std::make_unique<Madvise>(region, MADV_FREE); }
std::unique_ptr<HolderAction> makeMadviseCold(const Region& region) { return std::make_unique<Madvise>(region, MADV_COLD); }
std::unique_ptr<HolderAction> makeMmapNone(const Region& region) { return std::make_unique<MmapNone>(region); }
std::unique_ptr<HolderAction> makeMunmapMmap(const Region& region) { return std::make_unique<MunmapMmap>(region); }

}  // namespace pauselab::engine
