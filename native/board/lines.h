// Text files of one thing a line: what the engine's plan and the launcher's file have in common.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace pauselab {

// The whole file; ends the program (exit 2) with `what` and its path if it cannot be read.
std::string readText(const char* what, const std::string& path);

// Calls `take(line, "NAME:NUMBER")` for every line but empty ones and comments.
template <typename Take>
void forEachLine(std::string_view text, const std::string& nameForErrors, Take take) {
  unsigned number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view content = text.substr(start, end - start);
    start = end + 1;
    ++number;
    if (!content.empty() && content.front() != '#') take(content, nameForErrors + ":" + std::to_string(number));
  }
}

}  // namespace pauselab
