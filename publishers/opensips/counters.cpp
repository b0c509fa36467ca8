#include "counters.hpp"

#include <numeric>
#include <string_view>

namespace zevi::ingest {

namespace {

/// Adds `, COUNT WORDS` unless the count is 0.
void add(std::string& line, std::uint64_t count, std::string_view words) {
  if (count != 0) line.append(", ").append(std::to_string(count)).append(" ").append(words);
}

}  // namespace

std::uint64_t Counters::refused() const noexcept {
  return std::accumulate(refused_for.begin(), refused_for.end(), std::uint64_t{0});
}

std::string Counters::summary() const {
  std::string line = std::to_string(received()) + " received, " + std::to_string(published) + " published, " +
                     std::to_string(suppressed) + " suppressed, " + std::to_string(dropped) + " dropped, " +
                     std::to_string(refused()) + " refused";
  for (std::size_t i = 0; i < refusals; ++i) {
    if (refused_for[i] == 0) continue;
    const std::string_view reason = describe(static_cast<Refusal>(i));
    line.append(" (").append(std::to_string(refused_for[i])).append(" ").append(reason).append(")");
  }
  add(line, unpublished, "not published");
  add(line, repeated_keys, "repeated names");
  add(line, queue_dropped, "datagrams dropped for want of room");
  add(line, kernel_dropped, "datagrams dropped by the kernel");
  add(line, streams_given_up, "connections given up");
  add(line, refused_connections, "connections refused");
  add(line, cut_objects, "objects cut off by the end of their connection");
  add(line, stray_bytes, "stray bytes in streams");
  add(line, stream_pauses, "pauses of streams");
  add(line, unanswered, "requests without an answer");
  return line;
}

}  // namespace zevi::ingest
