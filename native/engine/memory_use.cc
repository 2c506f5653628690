#include "engine/memory_use.h"

#include <fcntl.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <string_view>

namespace pauselab::engine {

std::optional<std::uint64_t> proportionalBytesIn(const std::string& rollup) {
  constexpr std::string_view key = "\nPss:";
  const std::size_t at = rollup.find(key);
  std::uint64_t kilobytes = 0;
  if (at == std::string::npos || std::sscanf(rollup.c_str() + at + key.size(), "%" SCNu64 " kB", &kilobytes) != 1)
    return std::nullopt;
  return kilobytes * 1024;
}

void printMemoryUse() {
  const int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  close(fd);
  const std::optional<std::uint64_t> bytes = proportionalBytesIn(text);
  if (!bytes) return;
  std::printf("{\"memory\":{\"pssBytes\":%" PRIu64 "}}\n", *bytes);
  std::fflush(stdout);
}

}  // namespace pauselab::engine
