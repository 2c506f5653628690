// A file of /proc that is read in full, again and again, through one descriptor.
#pragma once

#include <sys/types.h>

namespace pauselab::engine {

class ProcFile {
 public:
  // Opens /proc/<pid>/<name>. If the kernel refuses, read() returns its errno.
  ProcFile(pid_t pid, const char* name);
  // 0 or the errno.
  int read() noexcept;

 private:
  static constexpr int kBufferBytes = 65536;
  int fd_;
  int openErrno_;
  char buffer_[kBufferBytes];
};

}  // namespace pauselab::engine
