#pragma once

namespace pauselab::board {

// Prints the layout (field offsets, sizes, constants) as one JSON document on stdout, for the readers' tests.
void describeLayout();

}  // namespace pauselab::board
