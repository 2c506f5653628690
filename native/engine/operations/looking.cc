// Operations that look at the address space: mincore, and files of /proc about this process or another.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "engine/maps.h"
#include "engine/operation.h"
#include "engine/operations/proc_file.h"

namespace pauselab::engine {

ProcDescriptor::ProcDescriptor(pid_t pid, const char* name, int access) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  fd = open(path, access | O_CLOEXEC);
  openErrno = fd < 0 ? errno : 0;
}

ProcFile::ProcFile(pid_t pid, const char* name) : file_(pid, name, O_RDONLY) {}

int ProcFile::read() noexcept {
  if (file_.fd < 0) return file_.openErrno;
  for (off_t offset = 0;;) {
    const ssize_t got = pread(file_.fd, buffer_, sizeof buffer_, offset);
    if (got < 0) return errno;
    if (got == 0) return 0;
    offset += got;
  }
}

namespace {

class Mincore final : public VictimAction {
 public:
  explicit Mincore(const VictimPage& page) : page_(page) {}

  int perform() noexcept override { return mincore(page_.address, page_.bytes, resident_) == 0 ? 0 : errno; }

 private:
  VictimPage page_;
  unsigned char resident_[2] = {};
};

class ReadFile final : public VictimAction {
 public:
  ReadFile(pid_t process, const char* name) : file_(process, name) {}

  int perform() noexcept override { return file_.read(); }

 private:
  ProcFile file_;
};

// Writes 1 to clear_refs of a process, which marks all its pages as not referenced: mmap_lock for write, and a walk of
// all its page tables.
class ClearRefs {
 public:
  explicit ClearRefs(pid_t process) : file_(process, "clear_refs", O_WRONLY) {}

  int perform() noexcept {
    if (file_.fd < 0) return file_.openErrno;
    return write(file_.fd, "1", 1) == 1 ? 0 : errno;
  }

 private:
  ProcDescriptor file_;
};

class ClearOwnRefs final : public VictimAction {
 public:
  int perform() noexcept override { return refs_.perform(); }

 private:
  ClearRefs refs_{getpid()};
};

class WriteClearRefs final : public HolderAction {
 public:
  explicit WriteClearRefs(pid_t process) : refs_(process) {}

  int release() noexcept override { return refs_.perform(); }
  const char* remedy(int outcome) const override {
    return outcome == ENOENT ? "clear_refs needs a kernel with CONFIG_PROC_PAGE_MONITOR; leave the operation out"
                             : HolderAction::remedy(outcome);
  }

 private:
  ClearRefs refs_;
};

// A descriptor of pagemap, which has 8 bytes for each page of the address space. The kernel takes mmap_lock anew for
// each page table that it reads.
class Pagemap {
 public:
  explicit Pagemap(pid_t process) : file_(process, "pagemap", O_RDONLY) {}

  // Reads the entries of [start, end).
  int read(std::uintptr_t start, std::uintptr_t end) noexcept {
    if (file_.fd < 0) return file_.openErrno;
    const auto last = static_cast<off_t>(end / kPageBytes * kEntryBytes);
    for (auto offset = static_cast<off_t>(start / kPageBytes * kEntryBytes); offset < last;) {
      const std::size_t wanted = std::min(sizeof buffer_, static_cast<std::size_t>(last - offset));
      const ssize_t got = pread(file_.fd, buffer_, wanted, offset);
      if (got < 0) return errno;
      if (got == 0) return 0;  // the process has ended
      offset += got;
    }
    return 0;
  }

 private:
  static constexpr std::size_t kEntryBytes = 8;
  ProcDescriptor file_;
  char buffer_[65536];
};

class ReadOwnPagemap final : public VictimAction {
 public:
  int perform() noexcept override { return pagemap_.read(page_, page_ + kPageBytes); }

 private:
  Pagemap pagemap_{getpid()};
  std::uintptr_t page_ = reinterpret_cast<std::uintptr_t>(isolatedPage().address);
};

// Reads the entries of all memory that the process has before the window. Tools read maps first to know it; here that
// would be a second lock.
class ReadPagemap final : public HolderAction {
 public:
  explicit ReadPagemap(pid_t process) : pagemap_(process), ranges_(readMaps(process)) {}

  int release() noexcept override {
    for (const Vma& range : ranges_)
      if (range.accessible() && range.end <= kEndOfUser)
        if (const int outcome = pagemap_.read(range.start, range.end); outcome != 0) return outcome;
    return 0;
  }

 private:
  // vsyscall lies above, where pagemap ends.
  static constexpr std::uintptr_t kEndOfUser = std::uintptr_t{1} << 47;
  Pagemap pagemap_;
  std::vector<Vma> ranges_;
};

// Reads a file about a process: the victims' or this one. It holds the lock of that process, whichever process reads.
class ReadFileAbout final : public HolderAction {
 public:
  ReadFileAbout(pid_t process, const char* name) : file_(process, name) {}

  int release() noexcept override { return file_.read(); }

 private:
  ProcFile file_;
};

}  // namespace

std::unique_ptr<VictimAction> makeMincore(const VictimPlan&, const VictimPage& page) {
  return std::make_unique<Mincore>(page);
}
std::unique_ptr<VictimAction> makeProcMaps(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ReadFile>(getpid(), "maps");
}
std::unique_ptr<VictimAction> makeProcSmaps(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ReadFile>(getpid(), "smaps");
}
std::unique_ptr<VictimAction> makeProcNumaMaps(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ReadFile>(getpid(), "numa_maps");
}
std::unique_ptr<VictimAction> makeProcCmdline(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ReadFile>(getpid(), "cmdline");
}
// The kernel reads both from the memory of the process, whichever process asks.
std::unique_ptr<VictimAction> makeReadCmdline(const VictimPlan& plan, const VictimPage&) {
  return std::make_unique<ReadFile>(plan.about == 0 ? getpid() : plan.about, "cmdline");
}
std::unique_ptr<VictimAction> makeReadEnviron(const VictimPlan& plan, const VictimPage&) {
  return std::make_unique<ReadFile>(plan.about == 0 ? getpid() : plan.about, "environ");
}
std::unique_ptr<VictimAction> makeProcPagemap(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ReadOwnPagemap>();
}
std::unique_ptr<VictimAction> makeProcClearRefs(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ClearOwnRefs>();
}
std::unique_ptr<VictimAction> makeProcSmapsRollup(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ReadFile>(getpid(), "smaps_rollup");
}

std::unique_ptr<HolderAction> makeReadSmaps(const HolderSite& site) {
  return std::make_unique<ReadFileAbout>(site.victims, "smaps");
}
std::unique_ptr<HolderAction> makeReadOwnSmaps(const HolderSite&) {
  return std::make_unique<ReadFileAbout>(getpid(), "smaps");
}
std::unique_ptr<HolderAction> makeReadSmapsRollup(const HolderSite& site) {
  return std::make_unique<ReadFileAbout>(site.victims, "smaps_rollup");
}
std::unique_ptr<HolderAction> makeReadNumaMaps(const HolderSite& site) {
  return std::make_unique<ReadFileAbout>(site.victims, "numa_maps");
}
std::unique_ptr<HolderAction> makeReadPagemap(const HolderSite& site) {
  return std::make_unique<ReadPagemap>(site.victims);
}
std::unique_ptr<HolderAction> makeWriteClearRefs(const HolderSite& site) {
  return std::make_unique<WriteClearRefs>(site.victims);
}
std::unique_ptr<HolderAction> makeReadMaps(const HolderSite& site) {
  return std::make_unique<ReadFileAbout>(site.victims, "maps");
}

}  // namespace pauselab::engine
