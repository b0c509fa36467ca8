#pragma once

#include <chrono>
#include <deque>
#include <string>

#include "descriptor.hpp"
#include "object_splitter.hpp"

namespace zevi::ingest {

/// One connection of event_stream. The reading thread makes it and hands it over with its first delivery; it
/// then reads `fd` alone, and nothing any more behind the delivery that says the stream ended. The rest
/// belongs to the main thread, which frees it.
struct StreamConnection {
  std::string name;
  Descriptor fd;

  ObjectSplitter splitter;
  std::deque<std::string> replies;  ///< answers not sent yet
  std::chrono::steady_clock::time_point next_reply{};
  bool given_up = false;  ///< nothing more is taken from it
};

}  // namespace zevi::ingest
