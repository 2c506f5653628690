// Runs code that ends its program in a child of the test.
#pragma once

#include <functional>
#include <string>

namespace pauselab::test {

struct Ended {
  int status;  // the exit status, or 128 and the number of the signal
  std::string stderrText;
};

// Runs `body` in a forked process.
Ended endOf(const std::function<void()>& body);

}  // namespace pauselab::test
