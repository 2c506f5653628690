#include "board/lines.h"

#include <fstream>
#include <iterator>

#include "board/fail.h"

namespace pauselab {

std::string readText(const char* what, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) fail(Exit::usage, "%s %s could not be read", what, path.c_str());
  return text;
}

void LinePlace::reject(const std::string& sentence) const {
  fail(Exit::usage, "%s: %s", place_.c_str(), sentence.c_str());
}

std::pair<std::string_view, std::string_view> LinePlace::keyAndValue(std::string_view text) const {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) reject("expected key=value, got \"" + std::string(text) + "\"");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace pauselab
