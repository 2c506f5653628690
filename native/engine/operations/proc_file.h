// Files of /proc about a process, through one descriptor each.
#pragma once

#include <sys/types.h>

namespace pauselab::engine {

// Opens /proc/<pid>/<name>. If the kernel refuses, `fd` is negative and `openErrno` says why.
struct ProcDescriptor {
  ProcDescriptor(pid_t pid, const char* name, int access);

  int fd;
  int openErrno;
};

// A file that is read in full, again and again.
class ProcFile {
 public:
  // If the kernel refuses to open it, read() returns its errno.
  ProcFile(pid_t pid, const char* name);
  // 0 or the errno.
  int read() noexcept;

 private:
  static constexpr int kBufferBytes = 65536;
  ProcDescriptor file_;
  char buffer_[kBufferBytes];
};

}  // namespace pauselab::engine
