#include "engine/pacing.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

namespace pauselab::engine {

void Signal::raise() noexcept {
  word_.fetch_add(1, std::memory_order_release);
  syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

void Signal::waitWhile(std::uint32_t seen) noexcept {
  const timespec longest = toTimespec(kLongestSleep_ns);
  // A wake-up may have another reason (a changed value, a signal). The caller checks the value again.
  syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, seen, &longest, nullptr, 0);
}

}  // namespace pauselab::engine
