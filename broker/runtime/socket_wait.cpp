#include "socket_wait.hpp"

#include <algorithm>
#include <ctime>

namespace zevi::broker {

SocketWait::SocketWait(const std::vector<zmq::socket_ref>& sockets, int descriptor) : sockets_(sockets) {
  for (zmq::socket_ref socket : sockets_) watched_.push_back({socket.get(zmq::sockopt::fd), POLLIN, 0});
  watched_.push_back({descriptor, POLLIN, 0});
}

bool SocketWait::wait_until(SteadyTime time) {
  // A socket's descriptor tells of news, not of messages: sending may have taken the news of one that is
  // there.
  const bool has_message = std::any_of(sockets_.begin(), sockets_.end(), [](zmq::socket_ref socket) {
    return (socket.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
  });
  if (has_message) return false;
  const auto left = std::max(time - std::chrono::steady_clock::now(), SteadyTime::duration(0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec limit{seconds.count(), static_cast<long>(std::chrono::nanoseconds(left - seconds).count())};
  const int ready = ppoll(watched_.data(), watched_.size(), &limit, nullptr);
  return ready > 0 && (watched_.back().revents & POLLIN) != 0;
}

}  // namespace zevi::broker
