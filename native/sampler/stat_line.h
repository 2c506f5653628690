// The two fields of /proc/<tid>/stat that the sampler needs.
#pragma once

namespace pauselab {

// Parses "TID (comm) S …". comm may hold spaces and parentheses, so it ends at the line's last ')'.
// False if the text is not such a line.
bool parseStatLine(const char* text, char (&comm)[16], char& state) noexcept;

}  // namespace pauselab
