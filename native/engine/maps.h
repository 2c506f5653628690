// Reads /proc/PID/maps, to verify layouts. Only before `go`, because reading it takes mmap_lock.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pauselab::engine {

struct Vma {
  std::uintptr_t start, end;
  char perms[5];  // "rw-p"
  bool accessible() const { return perms[0] != '-' || perms[1] != '-' || perms[2] != '-'; }
};

// Of this process, or of another.
std::vector<Vma> readMaps(std::optional<pid_t> process = std::nullopt);
std::vector<Vma> parseMaps(const std::string& text);

// The VMAs that overlap [start, end), in address order.
std::vector<Vma> overlapping(const std::vector<Vma>& maps, std::uintptr_t start, std::uintptr_t end);

}  // namespace pauselab::engine
