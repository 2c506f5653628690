#include "engine/maps.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "board/fail.h"

namespace pauselab::engine {

std::vector<Vma> parseMaps(const std::string& text) {
  std::vector<Vma> result;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    Vma vma{};
    if (std::sscanf(text.c_str() + start, "%" SCNxPTR "-%" SCNxPTR " %4s", &vma.start, &vma.end, vma.perms) == 3)
      result.push_back(vma);
    start = end + 1;
  }
  return result;
}

std::vector<Vma> readMaps(std::optional<pid_t> process) {
  const std::string path = "/proc/" + (process ? std::to_string(*process) : "self") + "/maps";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    fail(Exit::unfit, "%s could not be opened (%s), so the layout of its memory is not known; mount /proc",
         path.c_str(), strerror(errno));
  std::string text;
  char buffer[65536];
  for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  close(fd);
  return parseMaps(text);
}

std::vector<Vma> overlapping(const std::vector<Vma>& maps, std::uintptr_t start, std::uintptr_t end) {
  std::vector<Vma> result;
  for (const Vma& vma : maps)
    if (vma.start < end && vma.end > start) result.push_back(vma);
  return result;
}

}  // namespace pauselab::engine
