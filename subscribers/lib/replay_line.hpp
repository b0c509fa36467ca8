#pragma once

#include <string>
#include <vector>
#include <zmq.hpp>

namespace zevi::subscriber {

/// The line to the broker's history. What is said over one connection is heard by one broker: a line that
/// breaks stays silent, and is hung up to reach whoever is there then.
class ReplayLine {
 public:
  virtual ~ReplayLine() = default;

  /// Sends a question, over a new connection if there is none. False if there is nobody to ask.
  [[nodiscard]] virtual bool ask(const std::string& question) = 0;
  /// Takes the frames of the next part of an answer. False if nothing is there.
  [[nodiscard]] virtual bool receive(std::vector<zmq::message_t>& frames) = 0;
  virtual void hang_up() noexcept = 0;
};

}  // namespace zevi::subscriber
