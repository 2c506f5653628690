#include "sampler/stat_line.h"

#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace pauselab {

bool parseStatLine(const char* text, char (&comm)[16], char& state, std::int8_t& nice) noexcept {
  const char* open = std::strchr(text, '(');
  const char* close = std::strrchr(text, ')');
  if (open == nullptr || close == nullptr || close < open || close[1] != ' ' || close[2] == '\0') return false;
  const auto length = std::min<std::size_t>(static_cast<std::size_t>(close - open - 1), sizeof comm - 1);
  std::memcpy(comm, open + 1, length);
  std::memset(comm + length, 0, sizeof comm - length);
  state = close[2];
  const char* field = close + 2;
  for (int number = 3; number < 19 && field != nullptr; ++number) {
    field = std::strchr(field, ' ');
    if (field != nullptr) ++field;
  }
  if (field != nullptr) nice = static_cast<std::int8_t>(std::strtol(field, nullptr, 10));
  return true;
}

std::uint32_t parseSystemCall(const char* text) noexcept {
  char* end = nullptr;
  const long number = std::strtol(text, &end, 10);
  if (end == text || (*end != ' ' && *end != '\n') || number < -1 || number > 1'000'000) return 0;
  return static_cast<std::uint32_t>(number + 2);
}

std::string futexWait(const char* text) {
  // With or without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME; pthread_cond_wait uses FUTEX_WAIT_BITSET.
  constexpr unsigned long kCommand = 127;
  constexpr unsigned long kWait = 0;
  constexpr unsigned long kLockPi = 6;
  constexpr unsigned long kLockPi2 = 13;
  unsigned long operation = 0;
  char address[32];
  char value[32];
  char timeout[32];
  char stack[32];
  if (parseSystemCall(text) != SYS_futex + 2 ||
      std::sscanf(text, "%*d %31s %lx %31s %31s %*s %*s %31s", address, &operation, value, timeout, stack) != 5)
    return {};
  const unsigned long command = operation & kCommand;
  const bool locks = command == kLockPi || command == kLockPi2;
  if (!locks && command != kWait) return {};
  return std::string(locks ? "futex_lock_pi<" : "futex_wait<") + address + "<" + value + "<" + timeout + "<" + stack;
}

// Lines of `[<0>] name+0x12/0x34` or, with modules, `[<0>] name+0x12/0x34 [module]`.
std::string stackFrames(const char* text) {
  std::string frames;
  for (const char* line = text; *line != '\0';) {
    const char* next = std::strchr(line, '\n');
    const std::size_t length = next == nullptr ? std::strlen(line) : static_cast<std::size_t>(next - line);
    const std::string_view whole(line, length);
    const std::size_t bracket = whole.find("] ");
    const std::string_view name = bracket == std::string_view::npos ? whole : whole.substr(bracket + 2);
    if (!frames.empty()) frames += '<';
    frames += name.substr(0, name.find_first_of("+ "));
    line += length + (next == nullptr ? 0 : 1);
  }
  return frames;
}

}  // namespace pauselab
