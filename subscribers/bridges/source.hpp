#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace zevi::bridges {

/// A message as a bus gives it.
struct Incoming {
  std::string subject;
  std::string payload;
};

/// The way back: a bus from which events are read. One thread makes all calls. Whatever goes wrong with the
/// connection is thrown as `zevi::Error`; it is then closed and opened again, and gives once more what was
/// not acknowledged, if it is a bus that keeps anything.
class Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  virtual void open() = 0;
  /// Appends what is there, at most `max` messages, in their order; waits so long for the first.
  virtual void receive(std::vector<Incoming>& messages, std::size_t max, std::chrono::milliseconds wait) = 0;
  /// All that was received is safe with the broker.
  virtual void acknowledge() = 0;
  /// How many the bus has told to have lost on the way here, since this was last asked.
  [[nodiscard]] virtual std::uint64_t take_lost() { return 0; }
  virtual void close() noexcept = 0;
};

}  // namespace zevi::bridges
