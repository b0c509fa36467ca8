#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "control_options.hpp"

/// Asking the broker about itself, at its endpoint `control`.
namespace zevi::cli {

/// What the broker answered: the whole list, from however many answers.
struct ControlRows {
  std::uint64_t epoch = 0;
  std::uint64_t at_ns = 0;        ///< the broker's clock, at the first answer
  std::vector<std::string> rows;  ///< msgpack maps that have been checked
};

class ControlClient {
 public:
  /// Asks where the options say. Throws `zevi::Error` if there is no runtime directory, or if it is no
  /// endpoint.
  explicit ControlClient(const ControlOptions& options);

  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }

  /// Throws `NoBroker` if an answer does not come in time, and `zevi::Error` if the question is refused or
  /// the answer is none.
  [[nodiscard]] ControlRows ask(std::string_view cmd);
  /// `ask("stats")`, whose answer is one row.
  [[nodiscard]] ControlRows ask_stats();

 private:
  /// Waits for the answer to question `i` and leaves it in `frame_`.
  void receive(std::uint64_t i);

  std::string endpoint_;
  std::chrono::nanoseconds timeout_;
  zmq::context_t context_{1};
  zmq::socket_t socket_{context_, zmq::socket_type::dealer};
  std::uint64_t last_i_ = 0;
  zmq::message_t frame_;
};

}  // namespace zevi::cli
