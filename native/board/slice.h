// The slice of a thread under SCHED_OTHER, BATCH or IDLE: the CPU time that the scheduler grants at a time. Kernels
// before 6.12 accept a slice, ignore it, and report 0.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <optional>

namespace pauselab {

// struct sched_attr of linux/sched/types.h in its first form, which every kernel knows: sched_setattr(2).
struct SchedulingAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime_ns;
  std::uint64_t deadline_ns;
  std::uint64_t period_ns;
};

inline std::optional<SchedulingAttributes> schedulingOf(pid_t tid) {
  SchedulingAttributes attributes{};
  if (syscall(SYS_sched_getattr, tid, &attributes, sizeof attributes, 0) != 0) return std::nullopt;
  return attributes;
}

// 0: the calling thread. Null with errno if the kernel refuses.
inline std::optional<std::uint64_t> sliceOf(pid_t tid) {
  const auto attributes = schedulingOf(tid);
  return attributes ? std::optional(attributes->runtime_ns) : std::nullopt;
}

// False with errno if the kernel refuses. Everything else of the thread's scheduling stays as it is.
inline bool setSlice(pid_t tid, std::uint64_t slice_ns) {
  auto attributes = schedulingOf(tid);
  if (!attributes) return false;
  attributes->runtime_ns = slice_ns;
  return syscall(SYS_sched_setattr, tid, &*attributes, 0) == 0;
}

}  // namespace pauselab
