// Creates a board file, and finds a thread's parts in it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "board/layout.h"
#include "board/recorder.h"

namespace pauselab::board {

struct ThreadSpec {
  std::string name;
  Role role;
  std::string series;  // empty: no series
  bool response = false;
  std::uint64_t interval_ns = 0;
  std::uint64_t offset_ns = 0;
  std::uint64_t ring_capacity = 0;  // a power of two, or 0
};

// Ends the program with a sentence if the board has no room for the name.
void refuseLongName(const std::string& name);

class Board {
 public:
  // Creates the file, allocates all of it (a small /dev/shm is then an error here, not a SIGBUS later), maps it shared,
  // touches it, and locks it if permitted. Ends the program with a sentence if it cannot.
  static Board create(const std::string& path, std::span<const ThreadSpec> threads, std::uint64_t stallThreshold_ns);

  // Maps a board that another process has laid out. Ends the program with a sentence if it cannot.
  static Board open(const std::string& path);

  // Locks the board's pages for this process; true if that is permitted. A forked process must call it too.
  bool lockMemory() noexcept;

  Header& header() noexcept { return *at<Header>(0); }
  Thread& thread(std::size_t index) noexcept { return at<Thread>(header().threads_offset)[index]; }
  std::size_t threadCount() noexcept { return header().thread_count; }
  // The index of the thread with that name, if there is one.
  std::optional<std::size_t> find(const std::string& name) noexcept;
  // For a thread that has a series.
  Recorder recorder(std::size_t thread) noexcept;
  // For a thread that has a ring.
  Ring ring(std::size_t thread) noexcept;

 private:
  Board(std::byte* base, std::size_t bytes) noexcept : base_(base), bytes_(bytes) {}
  template <typename T>
  T* at(std::uint64_t offset) noexcept {
    return reinterpret_cast<T*>(base_ + offset);
  }

  std::byte* base_;
  std::size_t bytes_;
};

}  // namespace pauselab::board
