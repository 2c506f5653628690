// Text files of `key=value`: what two readers share. The engine's plan has lines of several pairs, the launcher's file
// has a pair per line.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pauselab {

// The whole file; ends the program (exit 2) with `what` and its path if it cannot be read.
std::string readText(const char* what, const std::string& path);

// Calls `take(line, "NAME:NUMBER")` for every line except empty lines and comments.
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

// All of `text` as a number; empty if it is anything else or does not fit.
template <typename Number>
std::optional<Number> wholeNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Where a line stands (NAME:NUMBER). An error in the line ends the program: `NAME:NUMBER: SENTENCE`, exit 2.
class LinePlace {
 public:
  explicit LinePlace(std::string place) : place_(std::move(place)) {}

  [[noreturn]] void reject(const std::string& sentence) const;

  // `key=value`, split at the first `=`.
  std::pair<std::string_view, std::string_view> keyAndValue(std::string_view text) const;

  // The index of the candidate that has this name.
  template <typename Candidates, typename NameOf = std::identity>
  std::size_t choice(const std::string& key, std::string_view name, const Candidates& candidates,
                     NameOf nameOf = {}) const {
    std::string list;
    std::size_t index = 0;
    for (const auto& candidate : candidates) {
      const std::string_view allowed = std::invoke(nameOf, candidate);
      if (name == allowed) return index;
      list.append(list.empty() ? "" : ", ").append(allowed);
      ++index;
    }
    reject("expected one of " + list + " for " + key + ", got \"" + std::string(name) + "\"");
  }

 private:
  std::string place_;
};

}  // namespace pauselab
