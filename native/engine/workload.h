#pragma once

#include "engine/plan.h"

namespace pauselab::engine {

// Whether the engine would run the plan, as far as the plan itself decides it; ends the program with a sentence if not:
//   pauselab-engine check PLAN…
void checkPlan(const Plan& plan);

// Runs a plan from preparation to the end of the drain. Returns when every measured thread has ended or the drain
// was over; ends the program with a sentence where something could not be prepared.
void runWorkload(const Plan& plan);

}  // namespace pauselab::engine
