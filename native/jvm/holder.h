// A holder inside the JVM's own process: a native thread, as an allocator's background thread is one, that gives a
// region of this process back by the engine's operations and loop.
#pragma once

#include <string>

namespace pauselab::jvm {

// `line` is the engine's plan line `holder operation=… …` (engine/plan.h). The board has a seat `holder`, and one
// `toucher` if the line has one. Returns once both are taken, with the region's layout as JSON; they run from `go` to
// the end of the window. What is wrong ends the process with one sentence (board/fail.h).
std::string startHolder(const std::string& boardPath, const std::string& line);

}  // namespace pauselab::jvm
