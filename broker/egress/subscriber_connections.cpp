#include "subscriber_connections.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace zevi::broker {

bool SubscriberConnections::Subscriber::add(PrefixCount& prefix) {
  const auto place = std::lower_bound(prefixes.begin(), prefixes.end(), &prefix, std::less<>());
  if (place != prefixes.end() && *place == &prefix) return false;
  prefixes.insert(place, &prefix);
  ++prefix.holders;
  return true;
}

bool SubscriberConnections::Subscriber::remove(PrefixCount& prefix) {
  const auto place = std::lower_bound(prefixes.begin(), prefixes.end(), &prefix, std::less<>());
  if (place == prefixes.end() || *place != &prefix) return false;
  prefixes.erase(place);
  --prefix.holders;
  return true;
}

void SubscriberConnections::Subscriber::cut() {
  is_cut = true;
  connection.shut_down();
}

SubscriberConnections::Subscriber* SubscriberConnections::of(zmq::message_t& frame) {
  const char* const peer = zmq_msg_gets(frame.handle(), "Peer-Address");
  if (peer == nullptr) return nullptr;
  const auto found = connections_.find(peer);
  if (found != connections_.end()) return &found->second;
  Subscriber subscriber;
  subscriber.frame.copy(frame);
  subscriber.connection = Connection(frame);
  subscriber.peer = peer;
  subscriber.number = ++last_number_;
  Subscriber& added = connections_.emplace(peer, std::move(subscriber)).first->second;
  by_number_.emplace(added.number, &added);
  return &added;
}

void SubscriberConnections::look(const Now& now, const std::function<void(PrefixCount&)>& release) {
  if (now.steady < next_look_) return;
  next_look_ = now.steady + std::chrono::seconds(1);
  // What a connection sent may arrive behind its end, but not a second later.
  for (const char* const key : ended_) {
    const auto ended = connections_.find(key);
    for (PrefixCount* const prefix : ended->second.prefixes) {
      --prefix->holders;
      release(*prefix);
    }
    by_number_.erase(ended->second.number);
    connections_.erase(ended);
  }
  ended_.clear();
  for (auto& [key, subscriber] : connections_) {
    subscriber.backlog.look(subscriber.connection.unread_bytes(), now.realtime_ns);
    if (!subscriber.connection.is_open()) ended_.push_back(key);
  }
}

}  // namespace zevi::broker
