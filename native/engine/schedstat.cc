#include "engine/schedstat.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "board/clock.h"
#include "board/fail.h"

namespace pauselab::engine {

bool parseSchedstat(const char* text, SchedstatReading& reading) noexcept {
  const auto number = [&text](std::uint64_t& value) {
    if (*text < '0' || *text > '9') return false;
    value = 0;
    for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + static_cast<std::uint64_t>(*text - '0');
    return true;
  };
  if (!number(reading.on_cpu_ns) || *text++ != ' ') return false;
  if (!number(reading.run_delay_ns)) return false;
  if (*text == ' ' && text[1] != '\0') {
    ++text;
    number(reading.slices);
  }
  return true;
}

Schedstat::Schedstat() : fd_(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {
  SchedstatReading reading;
  char text[64] = {};
  if (fd_ < 0 || pread(fd_, text, sizeof text - 1, 0) <= 0 || !parseSchedstat(text, reading))
    fail(Exit::unfit,
         "/proc/thread-self/schedstat could not be read (%s); run delay needs a kernel with CONFIG_SCHED_INFO",
         strerror(errno));
}

Schedstat::~Schedstat() { close(fd_); }

// Not the file's first field: for a running thread that field is as old as its last tick (4 ms at HZ 250).
std::uint64_t Schedstat::onCpu_ns() noexcept {
  timespec onCpu;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &onCpu);
  return static_cast<std::uint64_t>(onCpu.tv_sec) * kSecond_ns + static_cast<std::uint64_t>(onCpu.tv_nsec);
}

SchedstatReading Schedstat::read() const noexcept {
  char text[64] = {};
  SchedstatReading reading;
  if (pread(fd_, text, sizeof text - 1, 0) > 0) parseSchedstat(text, reading);
  reading.on_cpu_ns = onCpu_ns();
  reading.at_ns = monotonic_ns();
  return reading;
}

}  // namespace pauselab::engine
