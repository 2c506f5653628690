#pragma once

#include "engine/plan.h"

namespace pauselab::engine {

// Whether the engine would run the plan, judged by the plan alone. Ends the program with a sentence if not:
//   pauselab-engine check PLAN…
void checkPlan(const Plan& plan);

// Runs a plan from preparation to the end of the drain. Returns when every measured thread has ended or the drain is
// over. Ends the program with a sentence if something cannot be prepared.
void runWorkload(const Plan& plan);

}  // namespace pauselab::engine
