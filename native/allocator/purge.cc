#include "allocator/purge.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "allocator/symbols.h"
#include "board/fail.h"

namespace pauselab::allocator {
namespace {

constexpr std::int64_t kPageBytes = 4096;

[[noreturn]] void lacks(const char* call) {
  const std::string file = fileOf(find<void*>("malloc"));
  fail(Exit::unfit, "expected an allocator with %s for the purge; malloc comes from %s, which has no such call", call,
       file.empty() ? "an unknown file" : file.c_str());
}

template <typename Function>
Function required(const char* symbol) {
  if (!serves(symbol)) lacks(symbol);
  return find<Function>(symbol);
}

// For allocators that do not count what they give back. statm sums the kernel's counters and takes no lock.
class Resident {
 public:
  Resident() : file_(open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {
    if (file_ < 0) fail(Exit::unfit, "/proc/self/statm could not be opened: %s", strerror(errno));
  }
  ~Resident() { close(file_); }
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;

  std::int64_t bytes() const noexcept {
    char text[128];
    const ssize_t got = pread(file_, text, sizeof text - 1, 0);
    text[got < 0 ? 0 : got] = '\0';
    long size = 0, resident = 0;
    return std::sscanf(text, "%ld %ld", &size, &resident) == 2 ? resident * kPageBytes : 0;
  }

 private:
  int file_;
};

class GlibcTrim final : public Purge {
 public:
  GlibcTrim() { required<void*>("gnu_get_libc_version"); }
  int operator()() noexcept override {
    malloc_trim(0);
    return 0;
  }
  std::int64_t given_bytes() noexcept override { return -resident_.bytes(); }

 private:
  Resident resident_;
};

class MimallocCollect final : public Purge {
 public:
  int operator()() noexcept override {
    collect_(true);
    return 0;
  }
  std::int64_t given_bytes() noexcept override { return -resident_.bytes(); }

 private:
  void (*collect_)(bool) = required<void (*)(bool)>("mi_collect");
  Resident resident_;
};

class TcmallocRelease final : public Purge {
 public:
  int operator()() noexcept override {
    release_();
    return 0;
  }
  std::int64_t given_bytes() noexcept override {
    std::size_t bytes = 0;
    return property_("tcmalloc.pageheap_unmapped_bytes", &bytes) != 0 ? static_cast<std::int64_t>(bytes) : 0;
  }

 private:
  void (*release_)() = required<void (*)()>("MallocExtension_ReleaseFreeMemory");
  int (*property_)(const char*,
                   std::size_t*) = required<int (*)(const char*, std::size_t*)>("MallocExtension_GetNumericProperty");
};

// jemalloc's name for all arenas together (MALLCTL_ARENAS_ALL).
constexpr std::uint64_t kAllArenas = 4096;

class JemallocPurge final : public Purge {
 public:
  explicit JemallocPurge(std::uint64_t arena)
      : purge_("arena." + std::to_string(arena) + ".purge"),
        dirty_("stats.arenas." + std::to_string(arena) + ".dirty_purged"),
        muzzy_("stats.arenas." + std::to_string(arena) + ".muzzy_purged") {
    bool counts = false;
    std::size_t bytes = sizeof counts;
    if (mallctl_("config.stats", &counts, &bytes, nullptr, 0) != 0 || !counts)
      fail(Exit::unfit,
           "expected a jemalloc with statistics (--enable-stats), by which the bytes that a purge gives back are "
           "counted; this build has none");
    if (const int outcome = (*this)(); outcome != 0)
      fail(Exit::usage, "jemalloc refused mallctl(\"%s\"): %s; give purge.arena the number of an arena that exists",
           purge_.c_str(), strerrorname_np(outcome));
  }

  int operator()() noexcept override { return mallctl_(purge_.c_str(), nullptr, nullptr, nullptr, 0); }

  std::int64_t given_bytes() noexcept override {
    std::uint64_t epoch = 1;  // makes jemalloc refresh its statistics
    mallctl_("epoch", nullptr, nullptr, &epoch, sizeof epoch);
    return (count(dirty_) + count(muzzy_)) * kPageBytes;
  }

 private:
  using Mallctl = int (*)(const char*, void*, std::size_t*, void*, std::size_t);

  std::int64_t count(const std::string& name) const noexcept {
    std::uint64_t pages = 0;
    std::size_t bytes = sizeof pages;
    return mallctl_(name.c_str(), &pages, &bytes, nullptr, 0) == 0 ? static_cast<std::int64_t>(pages) : 0;
  }

  Mallctl mallctl_ = required<Mallctl>("mallctl");
  const std::string purge_, dirty_, muzzy_;
};

}  // namespace

std::unique_ptr<Purge> glibcTrim() { return std::make_unique<GlibcTrim>(); }
std::unique_ptr<Purge> jemallocPurge(std::optional<std::uint64_t> arena) {
  return std::make_unique<JemallocPurge>(arena.value_or(kAllArenas));
}
std::unique_ptr<Purge> tcmallocRelease() { return std::make_unique<TcmallocRelease>(); }
std::unique_ptr<Purge> mimallocCollect() { return std::make_unique<MimallocCollect>(); }

}  // namespace pauselab::allocator
