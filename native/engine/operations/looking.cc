// Operations that look at the address space: mincore, and reading files of /proc about this process or another.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "engine/operation.h"
#include "engine/operations/proc_file.h"

namespace pauselab::engine {

ProcFile::ProcFile(pid_t pid, const char* name) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  fd_ = open(path, O_RDONLY | O_CLOEXEC);
  openErrno_ = fd_ < 0 ? errno : 0;
}

int ProcFile::read() noexcept {
  if (fd_ < 0) return openErrno_;
  for (off_t offset = 0;;) {
    const ssize_t got = pread(fd_, buffer_, sizeof buffer_, offset);
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

class ReadOwnFile final : public VictimAction {
 public:
  explicit ReadOwnFile(const char* name) : file_(getpid(), name) {}

  int perform() noexcept override { return file_.read(); }

 private:
  ProcFile file_;
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
  return std::make_unique<ReadOwnFile>("maps");
}
std::unique_ptr<VictimAction> makeProcSmaps(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ReadOwnFile>("smaps");
}
std::unique_ptr<VictimAction> makeProcNumaMaps(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ReadOwnFile>("numa_maps");
}
std::unique_ptr<VictimAction> makeProcSmapsRollup(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ReadOwnFile>("smaps_rollup");
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
std::unique_ptr<HolderAction> makeReadMaps(const HolderSite& site) {
  return std::make_unique<ReadFileAbout>(site.victims, "maps");
}

}  // namespace pauselab::engine
