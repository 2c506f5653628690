// A holder inside the JVM's process: a native thread, like an allocator's background thread. It gives a region of this
// process back with the engine's operations and loop.
#pragma once

#include <string>

namespace pauselab::jvm {

// `line` is the engine's plan line `holder operation=… …` (engine/plan.h). The board has a seat `holder`, and a seat
// `toucher` if the line has a toucher. Returns the region's layout as JSON once both are taken. The threads run from
// `go` to the end of the window. An error ends the process with one sentence (board/fail.h).
std::string startHolder(const std::string& boardPath, const std::string& line);

}  // namespace pauselab::jvm
