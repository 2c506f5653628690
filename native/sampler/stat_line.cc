#include "sampler/stat_line.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace pauselab {

bool parseStatLine(const char* text, char (&comm)[16], char& state) noexcept {
  const char* open = std::strchr(text, '(');
  const char* close = std::strrchr(text, ')');
  if (open == nullptr || close == nullptr || close < open || close[1] != ' ' || close[2] == '\0') return false;
  const auto length = std::min<std::size_t>(static_cast<std::size_t>(close - open - 1), sizeof comm - 1);
  std::memcpy(comm, open + 1, length);
  std::memset(comm + length, 0, sizeof comm - length);
  state = close[2];
  return true;
}

}  // namespace pauselab
