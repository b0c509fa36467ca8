#include "fanout_socket.hpp"

#include "runtime/bind.hpp"
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
    change = {frame[0] == '\1', frame.substr(1)};
    count(change);
    return true;
  }
  return false;
}

void FanoutSocket::count(const Change& change) {
  const std::uint64_t counted = is_topic_prefix(change.prefix) ? 1 : 0;
  if (change.subscribed) {
    subscriptions_ += counted;
    const auto found = prefixes_.find(change.prefix);
    if (found != prefixes_.end()) {
      ++found->second;
    } else {
      prefixes_.emplace(std::string(change.prefix), 1);
    }
    return;
  }
  const auto found = prefixes_.find(change.prefix);
  if (found == prefixes_.end()) return;
  subscriptions_ -= counted;
  if (--found->second == 0) prefixes_.erase(found);
}

bool FanoutSocket::wants(std::string_view topic) const noexcept {
  if (prefixes_.empty()) return false;
  for (std::size_t size = 0; size <= topic.size(); ++size) {
    if (prefixes_.find(topic.substr(0, size)) != prefixes_.end()) return true;
  }
  return false;
}

std::uint64_t FanoutSocket::subscriptions(std::string_view prefix) const noexcept {
  const auto found = prefixes_.find(prefix);
  return found == prefixes_.end() ? 0 : found->second;
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
