// Writes to a file through a shared mapping, as a JVM writes its counters to hsperfdata. When the kernel writes a page
// of the file back, it makes the page read-only first. The next write is a page fault, in which the file system
// prepares the page (page_mkwrite): it waits for the journal, and on a disk that needs stable pages for the end of the
// writeback.
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "board/fail.h"
#include "engine/disk_file.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

// Writes to one page, again and again.
class PageWrite final : public VictimAction {
 public:
  explicit PageWrite(char* page) : page_(page) {}

  int perform() noexcept override {
    *reinterpret_cast<volatile std::uint64_t*>(page_) = ++count_;
    return 0;
  }

 private:
  char* page_;
  std::uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<VictimAction> makeMappedFileWrite(const VictimPlan& plan, const VictimPage&) {
  const char* const user = plan.name.c_str();
  const int fd = openDiskFile(user, kPageBytes);
  fill(fd, kPageBytes, user);
  keepWrittenBack(fd);
  return std::make_unique<PageWrite>(mapShared(fd, kPageBytes, user));
}

std::unique_ptr<VictimAction> makeMappedTmpfsWrite(const VictimPlan& plan, const VictimPage&) {
  const char* const user = plan.name.c_str();
  const int fd = memfd_create("pauselab", MFD_CLOEXEC);
  if (fd < 0) fail(Exit::unfit, "%s could make no file in memory: %s; leave it out", user, strerrorname_np(errno));
  fill(fd, kPageBytes, user);
  return std::make_unique<PageWrite>(mapShared(fd, kPageBytes, user));
}

}  // namespace pauselab::engine
