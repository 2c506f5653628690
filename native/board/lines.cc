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

}  // namespace pauselab
