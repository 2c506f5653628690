// What the sampler reads from the files in /proc/<tid>: three fields of stat, the number in syscall, the names in
// stack.
#pragma once

#include <cstdint>
#include <string>

namespace pauselab {

// Parses "TID (comm) S …". comm may hold spaces and parentheses, so it ends at the line's last ')'.
// False if the text is not such a line. A line that ends before its field 19 leaves `nice` as it is.
bool parseStatLine(const char* text, char (&comm)[16], char& state, std::int8_t& nice) noexcept;

// /proc/<pid>/task/<tid>/syscall in the form of samples::Record; 0 for `running` and any unknown text.
std::uint32_t parseSystemCall(const char* text) noexcept;

// The same file of a thread in futex(FUTEX_WAIT): `futex_wait<ADDRESS<VALUE<TIMEOUT<STACK`, in hexadecimal as the
// kernel writes them; the last is where the thread's stack is. `futex_lock_pi<…` for FUTEX_LOCK_PI; empty for any
// other.
std::string futexWait(const char* text);

// /proc/<pid>/task/<tid>/stack as `frame<frame<…`, innermost first, without addresses, offsets and modules.
std::string stackFrames(const char* text);

}  // namespace pauselab
