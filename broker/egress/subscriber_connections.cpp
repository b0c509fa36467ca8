#include "subscriber_connections.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace zevi::broker {

namespace {

/// Of the socket that a descriptor names now; 0 if it names none.
ino_t inode_of(int fd) noexcept {
  struct stat status {};
  return fd >= 0 && fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

}  // namespace

bool SubscriberConnections::Connection::add(const PrefixCount& prefix) {
  const auto place = std::lower_bound(prefixes.begin(), prefixes.end(), &prefix, std::less<>());
  if (place != prefixes.end() && *place == &prefix) return false;
  prefixes.insert(place, &prefix);
  return true;
}

bool SubscriberConnections::Connection::remove(const PrefixCount& prefix) {
  const auto place = std::lower_bound(prefixes.begin(), prefixes.end(), &prefix, std::less<>());
  if (place == prefixes.end() || *place != &prefix) return false;
  prefixes.erase(place);
  return true;
}

void SubscriberConnections::Connection::cut() {
  is_cut = true;
  // The number may stand for another connection by now.
  if (inode != 0 && inode_of(fd) == inode) shutdown(fd, SHUT_RDWR);
}

SubscriberConnections::Connection* SubscriberConnections::of(zmq::message_t& frame) {
  const char* const peer = zmq_msg_gets(frame.handle(), "Peer-Address");
  if (peer == nullptr) return nullptr;
  const auto found = connections_.find(peer);
  if (found != connections_.end()) return &found->second;
  Connection connection;
  connection.frame.copy(frame);
  connection.fd = zmq_msg_get(frame.handle(), ZMQ_SRCFD);
  connection.inode = inode_of(connection.fd);
  connection.peer = peer;
  return &connections_.emplace(peer, std::move(connection)).first->second;
}

bool SubscriberConnections::is_open(const Connection& connection) {
  return connection.inode != 0 && inode_of(connection.fd) == connection.inode;
}

void SubscriberConnections::forget_ended(SteadyTime now) {
  if (now < next_look_) return;
  next_look_ = now + std::chrono::seconds(1);
  // What a connection sent may arrive behind its end, but not a second later.
  for (const char* const key : ended_) connections_.erase(key);
  ended_.clear();
  for (const auto& [key, connection] : connections_) {
    if (!is_open(connection)) ended_.push_back(key);
  }
}

}  // namespace zevi::broker
