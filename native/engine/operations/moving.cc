// Writers that move memory: mremap of a page, and the program break by a page.
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "engine/operation.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

namespace pauselab::engine {
namespace {

// Moves a page back and forth between two places with a PROT_NONE page between them. DONTUNMAP leaves an empty mapping
// at the place that the page left, so there is never a hole in which another mapping could land.
class Mremap final : public VictimAction {
 public:
  Mremap() : from_(isolatedPage().address), to_(isolatedPage().address) {}

  int perform() noexcept override {
    if (mremap(from_, kPageBytes, kPageBytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to_) == MAP_FAILED)
      return errno;
    std::swap(from_, to_);
    return 0;
  }

 private:
  char* from_;
  char* to_;
};

// Moves the break up by a page and down again. The allocator's main arena moves it too, and a move down would take its
// memory away. So no thread may get that arena (there are arenas for all), and the engine refuses operations that
// allocate beside this one. The engine's main thread allocates nothing after `ready`.
class Brk final : public VictimAction {
 public:
  Brk() {
    constexpr int kMoreThanThreads = 1024;
    mallopt(M_ARENA_MAX, kMoreThanThreads);
  }

  int perform() noexcept override {
    char* const end = static_cast<char*>(sbrk(0));
    if (brk(end + kPageBytes) != 0) return errno;
    return brk(end) == 0 ? 0 : errno;
  }
};

}  // namespace

std::unique_ptr<VictimAction> makeMremap(const VictimPlan&, const VictimPage&) { return std::make_unique<Mremap>(); }
std::unique_ptr<VictimAction> makeBrk(const VictimPlan&, const VictimPage&) { return std::make_unique<Brk>(); }

}  // namespace pauselab::engine
