#include "board/fail.h"

#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "board/interface.h"

namespace pauselab {

// The end of that text, which so becomes a part of every program: linkers leave out what nobody refers to.
const char* failPrefix = kInterface + sizeof(kInterface) - 1;

void fail(Exit code, const char* format, ...) {
  char sentence[1024];
  const int prefix = snprintf(sentence, sizeof sentence / 2, "%s", failPrefix);
  va_list arguments;
  va_start(arguments, format);
  const int length =
      prefix + vsnprintf(sentence + prefix, sizeof sentence - 1 - static_cast<size_t>(prefix), format, arguments);
  va_end(arguments);
  const auto end = static_cast<size_t>(std::clamp(length, 0, static_cast<int>(sizeof sentence) - 2));
  sentence[end] = '\n';
  // A single write, so that sentences of several processes never mix. If it fails, nothing can be done.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, sentence, end + 1);
  _exit(static_cast<int>(code));
}

}  // namespace pauselab
