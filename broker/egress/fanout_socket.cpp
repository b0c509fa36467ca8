#include "fanout_socket.hpp"

#include "zevi/topic.hpp"

namespace zevi::broker {

namespace {

/// What subscribers have not read when the broker stops is delivered within this time, or is a gap to them.
constexpr int linger_ms = 500;

}  // namespace

FanoutSocket::FanoutSocket(zmq::context_t& context, const Endpoint& endpoint, int queue_max)
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
    SubscriberConnections::Subscriber* const subscriber = connections_.of(incoming_);
    // One that was connected before the access list changed is looked at again.
    if (subscriber != nullptr && !subscriber->is_cut && !may_subscribe(incoming_)) subscriber->cut();
    const std::string_view prefix = frame.substr(1);
    const bool is_subscription = frame[0] == '\1';
    change = {is_subscription ? Change::Kind::subscribed : Change::Kind::unsubscribed, prefix};
    if (is_subscription ? subscribe(subscriber, prefix, change) : unsubscribe(subscriber, prefix))
      return true;
  }
  return false;
}

void FanoutSocket::look(const Now& now) {
  connections_.look(now, [this](const PrefixCount& prefix) {
    if (prefix.is_unused()) prefixes_.erase(prefixes_.find(prefix.prefix));
  });
}

bool FanoutSocket::may_subscribe(const zmq::message_t& frame) {
  return gate_ == nullptr || gate_->may_subscribe(Gate::name_of_sender(frame), route_);
}

void FanoutSocket::limit_prefixes(std::size_t most) {
  prefixes_max_ = most;
  too_many_prefixes_ = "more than " + std::to_string(most) + " prefixes of one connection, which was cut off";
}

void FanoutSocket::apply_access() {
  connections_.for_each([this](SubscriberConnections::Subscriber& subscriber) {
    if (!may_subscribe(subscriber.frame)) subscriber.cut();
  });
}

SubscriberConnections::Subscriber* FanoutSocket::slowest() {
  SubscriberConnections::Subscriber* slowest = nullptr;
  connections_.for_each([&](SubscriberConnections::Subscriber& subscriber) {
    const std::uint64_t since = subscriber.backlog.waiting_since_ns();
    if (since == 0 || subscriber.is_cut) return;
    if (slowest == nullptr || since < slowest->backlog.waiting_since_ns()) slowest = &subscriber;
  });
  return slowest;
}

bool FanoutSocket::subscribe(SubscriberConnections::Subscriber* subscriber, std::string_view prefix,
                             Change& change) {
  auto found = prefixes_.find(prefix);
  if (found == prefixes_.end()) {
    found = prefixes_.emplace(std::string(prefix), PrefixCount{}).first;
    found->second.prefix = found->first;
  }
  PrefixCount& count = found->second;
  if (subscriber != nullptr) {
    if (!subscriber->add(count)) return false;
    const bool are_too_many = subscriber->prefixes.size() > prefixes_max_;
    if (subscriber->is_cut || are_too_many) {
      ++count.refused;
      if (!subscriber->is_cut) subscriber->cut();
      change.kind = Change::Kind::refused;
      change.peer = subscriber->peer;
      change.reason = are_too_many ? std::string_view(too_many_prefixes_) : "it was cut off";
      return true;
    }
  }
  ++count.counted;
  if (is_topic_prefix(prefix)) ++subscriptions_;
  return true;
}

bool FanoutSocket::unsubscribe(SubscriberConnections::Subscriber* subscriber, std::string_view prefix) {
  const auto found = prefixes_.find(prefix);
  if (found == prefixes_.end()) return false;
  PrefixCount& count = found->second;
  if (subscriber != nullptr && !subscriber->remove(count)) return false;
  // Whose it is is not known once a connection has ended. Those that were refused are all about to go.
  const bool was_counted = count.refused == 0;
  if (!was_counted) {
    --count.refused;
  } else {
    if (is_topic_prefix(prefix)) --subscriptions_;
    --count.counted;
  }
  if (count.is_unused()) prefixes_.erase(found);
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

void FanoutSocket::send(std::string_view frame) {
  socket_.send(zmq::message_t(frame), zmq::send_flags::none);
}

void FanoutSocket::send_ready(std::string_view topic, const wire::Ready& ready) {
  constexpr std::string_view no_params = "\x80";
  std::string frame;
  wire::encode(ready, frame);
  send(topic, zmq::message_t(no_params), zmq::message_t(frame));
}

}  // namespace zevi::broker
