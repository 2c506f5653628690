// The memory that the process uses, read after the window.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pauselab::engine {

// The line `Pss:` of /proc/<pid>/smaps_rollup, in bytes; empty if it is missing.
std::optional<std::uint64_t> proportionalBytesIn(const std::string& rollup);

// Prints it on stdout as a line of JSON, or nothing if the kernel does not report it. Reading it takes mmap_lock for as
// long as a walk over all page tables lasts, so never call this before the last operation has been served.
void printMemoryUse();

}  // namespace pauselab::engine
