// A few lines of test harness: cases register themselves, `--list` names them, a name runs one, nothing runs all.
// Output: "ok NAME" or "not ok NAME: why" a line; exit status 1 if any failed.
#pragma once

#include <functional>
#include <string>

namespace pauselab::test {

struct Case {
  Case(const char* name, std::function<void()> body);
};

// Fails the running case.
void expect(bool condition, const char* what, const char* file, int line);
// Runs `body` in a forked process and returns its exit status and what it said on stderr.
struct Ended {
  int status;
  std::string stderrText;
};
Ended endOf(const std::function<void()>& body);

int runAll(int argc, char** argv);

}  // namespace pauselab::test

#define TEST_JOIN2(a, b) a##b
#define TEST_JOIN(a, b) TEST_JOIN2(a, b)
#define TEST(name)                                                                                      \
  static void TEST_JOIN(body, __LINE__)();                                                              \
  static const ::pauselab::test::Case TEST_JOIN(registered, __LINE__)(name, TEST_JOIN(body, __LINE__)); \
  static void TEST_JOIN(body, __LINE__)()
#define EXPECT(condition) ::pauselab::test::expect((condition), #condition, __FILE__, __LINE__)
