#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "replay_source.hpp"

namespace zevi::broker {

/// The ROUTER that readers ask at.
class ReplaySocket {
 public:
  ReplaySocket(zmq::context_t& context, const std::string& endpoint);
  ~ReplaySocket();
  ReplaySocket(const ReplaySocket&) = delete;
  ReplaySocket& operator=(const ReplaySocket&) = delete;

  [[nodiscard]] zmq::socket_ref socket() noexcept { return socket_; }
  [[nodiscard]] std::string endpoint() const { return socket_.get(zmq::sockopt::last_endpoint); }

  /// A message of a reader. Of one with more than a frame, the first is given and `is_whole` is false.
  struct Incoming {
    std::string routing_id;
    zmq::message_t frame;
    bool is_whole = false;
  };
  [[nodiscard]] bool receive(Incoming& incoming);

  enum class Sent : std::uint8_t {
    sent,
    full,  ///< the reader does not keep up; try again later
    left,  ///< the reader is gone
  };
  /// One part of an answer. Never blocks, and never sends a part of it.
  [[nodiscard]] Sent send(std::string_view routing_id, std::string_view head, std::string_view topic,
                          StoredMessage& message);
  [[nodiscard]] Sent send(std::string_view routing_id, std::string_view end);

 private:
  /// What follows goes to this reader.
  [[nodiscard]] Sent address(std::string_view routing_id);

  zmq::socket_t socket_;
};

}  // namespace zevi::broker
