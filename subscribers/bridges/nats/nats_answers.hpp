#pragma once

#include <string>
#include <string_view>

#include "../bridge.hpp"
#include "nats_connection.hpp"

namespace zevi::bridges {

/// Where the server's answers arrive. Every message asks for its answer at a subject that ends in its number,
/// so that an answer says by itself what it is for:
///
/// - JetStream answers each message when it is stored.
/// - NATS itself answers nothing. But it handles what a client sends in order, so a message to our own
///   subject that comes back says that all before it have been passed on.
class NatsAnswers : public NatsNews {
 public:
  explicit NatsAnswers(bool is_jetstream) : is_jetstream_(is_jetstream) {}

  void take(Report& report);
  /// Why messages were not stored, though they might be some day; empty if nothing of that kind was heard.
  [[nodiscard]] std::string take_problem();

  /// From the client's threads.
  void hear(natsMsg* message);

 private:
  void hear_of_stream(std::uint64_t number, natsMsg* message);

  const bool is_jetstream_;
  Report report_;  // both under mutex_
  std::string problem_;
};

}  // namespace zevi::bridges
