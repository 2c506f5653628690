// process_madvise of this very process.
#pragma once

#include <sys/uio.h>

#include <span>

namespace pauselab::engine {

// A descriptor of this process, and an advice that the kernel accepts through it: DONTNEED if it allows that for the
// caller itself (Linux 6.13 and later), else COLD. Ends the program with a sentence if there is no pidfd.
class SelfAdvice {
 public:
  SelfAdvice();
  // 0 or the errno; EIO if the kernel stopped half-way.
  int give(std::span<const iovec> ranges, std::size_t bytes) const noexcept;
  bool drops() const noexcept;

 private:
  int pidfd_;
  int advice_;
};

}  // namespace pauselab::engine
