// doctest, how it prints what it cannot print by itself (optional values and lists), and a comparison with a part of a
// text. It prints a `const char*` as an address: CAPTURE and INFO want a string_view.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

template <typename Value>
struct doctest::StringMaker<std::optional<Value>> {
  static String convert(const std::optional<Value>& value) { return value ? toString(*value) : String("nothing"); }
};

template <typename Value>
struct doctest::StringMaker<std::vector<Value>> {
  static String convert(const std::vector<Value>& values) {
    String text = "[";
    for (const Value& value : values) text += (text.size() > 1 ? ", " : "") + toString(value);
    return text + "]";
  }
};

namespace pauselab::test {

// CHECK(text == contains("part")) prints both, which doctest's own Contains does only for what its version can print.
struct Contains {
  std::string part;
};
inline Contains contains(std::string part) { return {std::move(part)}; }
inline bool operator==(const std::string& text, const Contains& wanted) {
  return text.find(wanted.part) != std::string::npos;
}
inline std::ostream& operator<<(std::ostream& out, const Contains& wanted) {
  return out << "a text with \"" << wanted.part << '"';
}

}  // namespace pauselab::test
