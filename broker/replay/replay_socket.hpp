#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "replay_source.hpp"
#include "runtime/answer_queue.hpp"
#include "runtime/bind.hpp"
#include "runtime/router.hpp"

namespace zevi::broker {

/// The ROUTER that readers ask at.
class ReplaySocket {
 public:
  ReplaySocket(zmq::context_t& context, const Endpoint& endpoint);
  ~ReplaySocket();
  ReplaySocket(const ReplaySocket&) = delete;
  ReplaySocket& operator=(const ReplaySocket&) = delete;

  [[nodiscard]] zmq::socket_ref socket() noexcept { return socket_; }
  [[nodiscard]] std::string endpoint() const { return socket_.get(zmq::sockopt::last_endpoint); }

  /// A message of a reader. Of one with more than two frames, the rest is thrown away.
  struct Incoming {
    std::string routing_id;
    std::vector<zmq::message_t> frames;
  };
  [[nodiscard]] bool receive(Incoming& incoming);

  /// One part of an answer, if the reader's queue has room for it. Never blocks, and never sends a part of
  /// it.
  [[nodiscard]] Sent send(std::string_view routing_id, AnswerQueue& queue, std::string_view head,
                          std::string_view topic, StoredMessage& message);
  [[nodiscard]] Sent send(std::string_view routing_id, AnswerQueue& queue, std::string_view end);
  /// A short refusal.
  [[nodiscard]] Sent send(std::string_view routing_id, std::string_view refusal);

 private:
  zmq::socket_t socket_;
};

}  // namespace zevi::broker
