#include "engine/disk_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "board/fail.h"

namespace pauselab::engine {
namespace {

std::vector<int>& written() {
  static std::vector<int> files;
  return files;
}

// Not every file system has files that never had a name.
int openNamed() {
  std::string path = std::string(kDiskFolder) + "/pauselab-XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd >= 0) unlink(path.c_str());
  return fd;
}

}  // namespace

int openDiskFile(const char* user, std::size_t bytes) {
  struct statfs system {};
  if (statfs(kDiskFolder, &system) != 0)
    fail(Exit::unfit, "%s needs a file in %s, which could not be looked at: %s; leave it out", user, kDiskFolder,
         strerrorname_np(errno));
  if (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC)
    fail(Exit::unfit, "%s needs a file on a disk, and %s is in memory here; leave it out", user, kDiskFolder);
  const std::size_t free = static_cast<std::size_t>(system.f_bavail) * static_cast<std::size_t>(system.f_bsize);
  if (free < bytes)
    fail(Exit::unfit, "%s needs %zu free bytes in %s, which has %zu; free some, or ask for smaller files", user, bytes,
         kDiskFolder, free);
  const int nameless = open(kDiskFolder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  const int fd = nameless < 0 ? openNamed() : nameless;
  if (fd < 0)
    fail(Exit::unfit, "%s could make no file in %s: %s; leave it out", user, kDiskFolder, strerrorname_np(errno));
  return fd;
}

void fill(int fd, std::size_t bytes, const char* user) {
  const std::vector<char> zeros(std::min<std::size_t>(bytes, 1 << 20));
  for (std::size_t offset = 0; offset < bytes;) {
    const ssize_t put = pwrite(fd, zeros.data(), std::min(zeros.size(), bytes - offset), static_cast<off_t>(offset));
    if (put <= 0)
      fail(Exit::unfit, "%s could not write %zu bytes to its file: %s; free some space, or leave it out", user, bytes,
           strerrorname_np(errno));
    offset += static_cast<std::size_t>(put);
  }
}

char* mapShared(int fd, std::size_t bytes, const char* user) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED)
    fail(Exit::unfit, "%s could not map its file: %s; leave it out", user, strerrorname_np(errno));
  return static_cast<char*>(memory);
}

void keepWrittenBack(int fd) { written().push_back(fd); }
std::span<const int> filesToWriteBack() { return written(); }

}  // namespace pauselab::engine
