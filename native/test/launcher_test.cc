// The launcher's file and its changes to an environment. test/native/launcher.test.ts tests starting from outside.
#include <sched.h>

#include <string>

#include "board/fail.h"
#include "launcher/launch_file.h"
#include "test/child.h"
#include "test/doctest.h"

namespace pauselab::launcher {
namespace {

const std::string kNeeded = "java=/j/bin/java\nparent=12\npid_file=/r/pid\nstdout=/r/out\nstderr=/r/err\n";

void expectRefused(const std::string& text, const char* part) {
  const test::Ended ended = test::endOf([&] { parseLaunch(text, "launch"); });
  CHECK(ended.status == static_cast<int>(Exit::usage));
  CHECK(ended.stderrText == test::contains(part));
}

TEST_CASE("a launch file is read in full") {
  const Launch launch = parseLaunch(
      kNeeded +
          "# a comment\n\n"
          "keep_ms=5000\nend_file=/r/end\ncwd=/a b\nnice=-5\npolicy=fifo "
          "7\nslice_ns=100000\ncpus=0,2-3\ntimer_slack_ns=1\n"
          "limit=core 0\nlimit=nofile unlimited\nunset=A\nunset=MALLOC_*\nset=X=1=2 3\nargument=-Da b\nargument=\n",
      "launch");
  CHECK(launch.java == "/j/bin/java");
  CHECK(launch.parent == 12u);
  CHECK(launch.pidFile == "/r/pid");
  CHECK(launch.stdoutPath == "/r/out");
  CHECK(launch.stderrPath == "/r/err");
  CHECK(launch.directory == "/a b");
  CHECK(launch.nice == -5);
  REQUIRE(launch.policy);
  CHECK(launch.policy->number == SCHED_FIFO);
  CHECK(launch.policy->staticPriority == 7);
  CHECK(launch.cpus == std::vector<int>{0, 2, 3});
  CHECK(launch.timerSlack_ns == 1u);
  CHECK(launch.keep_ms == 5000u);
  CHECK(launch.endFile == "/r/end");
  REQUIRE(launch.limits.size() == 2);
  CHECK(launch.limits[0].resource == RLIMIT_CORE);
  CHECK(launch.limits[0].value == 0);
  CHECK(launch.limits[1].value == RLIM_INFINITY);
  REQUIRE(launch.set.size() == 1);
  CHECK(launch.set[0].first == "X");
  CHECK(launch.set[0].second == "1=2 3");
  CHECK(launch.arguments == std::vector<std::string>{"-Da b", ""});
}

TEST_CASE("a text that is no launch file is refused with its line") {
  expectRefused("", "launch: expected a line `java=/…`, found none");
  expectRefused("java=/j\n", "expected a line `parent=PID`");
  expectRefused("java=java\n", "launch:1: expected an absolute path for java, got \"java\"");
  expectRefused(kNeeded + "java=/k\n", "launch:6: the key java came twice");
  expectRefused(kNeeded + "nise=3\n", "launch:6: expected java, called, remedy, parent,");
  expectRefused(kNeeded + "words\n", "launch:6: expected key=value, got \"words\"");
  expectRefused(kNeeded + "nice=20\n", "expected a whole number from -20 to 19 for nice, got \"20\"");
  expectRefused(kNeeded + "policy=fast\n", "expected one of other, batch, idle, fifo, rr for policy, got \"fast\"");
  expectRefused(kNeeded + "slice_ns=99999\n",
                "expected a whole number from 100000 to 100000000 for slice_ns, got \"99999\"");
  expectRefused(kNeeded + "policy=fifo\n", "expected a whole number from 1 to 99 for policy, got \"\"");
  expectRefused(kNeeded + "policy=batch 3\n", "expected no number after batch");
  expectRefused(kNeeded + "cpus=\n", "expected CPUs such as 0,2-3");
  expectRefused(kNeeded + "cpus=3-2\n", "expected a whole number from 3 to");
  expectRefused(kNeeded + "limit=cpu 3\n", "expected one of as, core,");
  expectRefused(kNeeded + "limit=core much\n", "for limit, got \"much\"");
  expectRefused(kNeeded + "set=X\n", "expected NAME=VALUE for set, got \"X\"");
  expectRefused(kNeeded + "unset=X=1\n", "expected a variable's name for unset");
  expectRefused(kNeeded + "keep_ms=-1\n", "for keep_ms, got \"-1\"");
  expectRefused(kNeeded + "timer_slack_ns=0\n", "for timer_slack_ns, got \"0\"");
}

TEST_CASE("an environment loses what unset names and has what set says, once") {
  const Launch launch = parseLaunch(kNeeded + "unset=A\nunset=MALLOC_*\nset=B=new\nset=A=again\n", "launch");
  std::vector<std::string> environment{"A=1", "AA=2", "B=old", "MALLOC_CONF=x", "MALLOC_=y", "MALLOC=z"};
  const std::vector<std::string> removed = changeEnvironment(launch, environment);
  CHECK(removed == std::vector<std::string>{"A", "MALLOC_CONF", "MALLOC_"});
  CHECK(environment == std::vector<std::string>{"AA=2", "MALLOC=z", "B=new", "A=again"});
}

}  // namespace
}  // namespace pauselab::launcher
