// pauselab-engine: the native workload. One process, one plan. It contains only the threads of the plan.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "board/describe.h"
#include "board/fail.h"
#include "engine/exercise.h"
#include "engine/needs.h"
#include "engine/plan.h"
#include "engine/workload.h"

int main(int argc, char** argv) {
  using namespace pauselab;
  // The kernel then refuses a file beyond RLIMIT_FSIZE with EFBIG, which has a sentence.
  std::signal(SIGXFSZ, SIG_IGN);
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "run" && argc == 3) {
    engine::runWorkload(engine::readPlan(argv[2]));
  } else if (command == "check" && argc > 2) {
    for (int i = 2; i < argc; ++i) engine::checkPlan(engine::readPlan(argv[i]));
  } else if (command == "layout" && argc == 2) {
    board::describeLayout();
  } else if (command == "operations" && argc == 2) {
    engine::listOperations();
  } else if (command == "exercise" && (argc == 4 || (argc == 5 && argv[4] == std::string_view("crossing")))) {
    engine::exercise(argv[2], std::strtoul(argv[3], nullptr, 10),
                     argc == 5 ? engine::Placement::crossing : engine::Placement::isolated);
  } else {
    fail(Exit::usage,
         "expected one of: pauselab-engine run PLAN | check PLAN… | layout | operations | exercise OPERATION COUNT "
         "[crossing]");
  }
}
