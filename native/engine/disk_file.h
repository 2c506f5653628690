// Files on a disk that last as long as this process.
#pragma once

#include <cstddef>
#include <span>

namespace pauselab::engine {

inline constexpr const char* kDiskFolder = "/var/tmp";

// A file without a name in kDiskFolder: nothing is left of it, however the process ends. Ends the program with a
// sentence (exit 5) if the folder is in memory, or has less than `bytes` free. `user`: what needs it, for the sentence.
int openDiskFile(const char* user, std::size_t bytes);

// Writes zeros to the file, so that its blocks exist and no later write finds the disk full. Ends the program if the
// disk has no room.
void fill(int fd, std::size_t bytes, const char* user);

// Maps a shared file of this process, to read and write.
char* mapShared(int fd, std::size_t bytes, const char* user);

// The files on a disk that operations of this process write to by their mappings. Call `keepWrittenBack` before threads
// start.
void keepWrittenBack(int fd);
std::span<const int> filesToWriteBack();

}  // namespace pauselab::engine
