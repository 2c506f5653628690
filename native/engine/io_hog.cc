#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <vector>

#include "engine/disk_file.h"
#include "engine/roles.h"

namespace pauselab::engine {
namespace {

constexpr std::size_t kWrite_bytes = 1 << 20;

// A disk that is nearly full takes a part of a block. The next write then has the reason.
bool writeAll(int fd, std::span<const char> bytes, off_t offset) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written == 0) errno = ENOSPC;  // a file system may say so instead
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += written;
  }
  return true;
}

}  // namespace

IoHog::IoHog(const IoHogPlan& plan, std::size_t count)
    : plan_(plan), fd_(openDiskFile("an I/O hog", 2 * count * plan.file_bytes)), block_(kWrite_bytes, 'x') {}

// Appends to its file and syncs after each write, so the file system commits its journal again and again. A full file
// becomes empty and begins anew: its blocks are freed and allocated, which the journal has too. Then the mapped files
// of this process are written back, as the kernel does with each dirty page after some time
// (vm.dirty_expire_centisecs). Continues through the drain, so that a stall at the window's end keeps its length.
void IoHog::run(Shared& shared, std::size_t seat) noexcept {
  const auto stop = [&] { return shared.hogsStop.load(std::memory_order_relaxed); };
  sleepUntil(shared.board.header().go_ns.load(std::memory_order_relaxed), stop);
  for (std::uint64_t written_bytes = 0; !stop();) {
    // The seat's end says then that no disk was busy in the rest of the window.
    if (written_bytes + kWrite_bytes > plan_.most_bytes) return;
    const std::uint64_t offset = written_bytes % plan_.file_bytes / kWrite_bytes * kWrite_bytes;
    const bool failed = (offset == 0 && ftruncate(fd_, 0) != 0) || !writeAll(fd_, block_, static_cast<off_t>(offset)) ||
                        fsync(fd_) != 0;
    if (failed) {
      board::Thread& thread = shared.board.thread(seat);
      thread.refused_errno.store(static_cast<std::uint64_t>(errno), std::memory_order_relaxed);
      board::raise(thread.refused_n);
      return;
    }
    written_bytes += kWrite_bytes;
    for (const int file : filesToWriteBack()) fdatasync(file);
  }
}

}  // namespace pauselab::engine
