#include "fanout_socket.hpp"

#include "runtime/bind.hpp"
#include "zevi/limits.hpp"
#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

/// What subscribers have not read when the broker stops is delivered within this time, or is a gap to them.
constexpr int linger_ms = 500;

}  // namespace

FanoutSocket::FanoutSocket(zmq::context_t& context, const std::string& endpoint, int queue_max)
    : socket_(context, zmq::socket_type::xpub) {
  socket_.set(zmq::sockopt::xpub_verboser, 1);
  socket_.set(zmq::sockopt::sndhwm, queue_max);
  // A subscription is at most a topic long; what is larger comes from no subscriber.
  socket_.set(zmq::sockopt::maxmsgsize, std::int64_t{1024});
  socket_.set(zmq::sockopt::linger, linger_ms);
  bind_to(socket_, endpoint);
}

FanoutSocket::~FanoutSocket() {
  unbind_inproc(socket_);
}

bool FanoutSocket::next_change(Change& change) {
  while (socket_.recv(incoming_, zmq::recv_flags::dontwait)) {
    const std::string_view frame = incoming_.to_string_view();
    if (frame.empty() || (frame[0] != '\0' && frame[0] != '\1')) continue;
    SubscriberConnections::Connection* const connection = connections_.of(incoming_);
    const std::string_view prefix = frame.substr(1);
    const bool is_subscription = frame[0] == '\1';
    change = {is_subscription ? Change::Kind::subscribed : Change::Kind::unsubscribed, prefix};
    if (is_subscription ? subscribe(connection, prefix, change) : unsubscribe(connection, prefix))
      return true;
  }
  return false;
}

bool FanoutSocket::subscribe(SubscriberConnections::Connection* connection, std::string_view prefix,
                             Change& change) {
  auto found = prefixes_.find(prefix);
  if (found == prefixes_.end()) found = prefixes_.emplace(std::string(prefix), PrefixCount{}).first;
  PrefixCount& count = found->second;
  if (connection != nullptr) {
    if (!connection->add(count)) return false;
    if (connection->is_cut || connection->prefixes.size() > limits::connection_prefixes_max) {
      ++count.refused;
      if (!connection->is_cut) connection->cut();
      change.kind = Change::Kind::refused;
      change.peer = connection->peer;
      return true;
    }
  }
  ++count.counted;
  if (is_topic_prefix(prefix)) ++subscriptions_;
  return true;
}

bool FanoutSocket::unsubscribe(SubscriberConnections::Connection* connection, std::string_view prefix) {
  const auto found = prefixes_.find(prefix);
  if (found == prefixes_.end()) return false;
  PrefixCount& count = found->second;
  if (connection != nullptr && !connection->remove(count)) return false;
  // Whose it is is not known once a connection has ended. Those that were refused are all about to go.
  const bool was_counted = count.refused == 0;
  if (!was_counted) {
    --count.refused;
  } else {
    if (is_topic_prefix(prefix)) --subscriptions_;
    --count.counted;
  }
  if (count.counted == 0 && count.refused == 0) prefixes_.erase(found);
  return was_counted;
}

bool FanoutSocket::wants(std::string_view topic) const noexcept {
  if (prefixes_.empty()) return false;
  for (std::size_t size = 0; size <= topic.size(); ++size) {
    if (subscriptions(topic.substr(0, size)) != 0) return true;
  }
  return false;
}

std::uint64_t FanoutSocket::subscriptions(std::string_view prefix) const noexcept {
  const auto found = prefixes_.find(prefix);
  return found == prefixes_.end() ? 0 : found->second.counted;
}

std::uint64_t FanoutSocket::subscriptions_of_topic(std::string_view topic) const noexcept {
  std::uint64_t count = 0;
  for (std::size_t size = 0; size <= topic.size(); ++size) count += subscriptions(topic.substr(0, size));
  return count;
}

void FanoutSocket::send(std::string_view topic, zmq::message_t second, zmq::message_t third) {
  socket_.send(zmq::message_t(topic), zmq::send_flags::sndmore);
  socket_.send(std::move(second), zmq::send_flags::sndmore);
  socket_.send(std::move(third), zmq::send_flags::none);
}

}  // namespace zevi::broker
