// What the process uses of memory, for the time after the window.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pauselab::engine {

// The line `Pss:` of /proc/<pid>/smaps_rollup, in bytes; nothing if it is not there.
std::optional<std::uint64_t> proportionalBytesIn(const std::string& rollup);

// Says it on stdout, as a line of JSON, or says nothing where the kernel does not tell. Reading it takes mmap_lock for
// as long as a walk over all page tables lasts: never before the last operation has been served.
void printMemoryUse();

}  // namespace pauselab::engine
