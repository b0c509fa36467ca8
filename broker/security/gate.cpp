#include "gate.hpp"

#include <algorithm>
#include <utility>

#include "runtime/bind.hpp"
#include "runtime/local_peer.hpp"
#include "runtime/router.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

constexpr const char* address_of_zap = "inproc://zeromq.zap.01";
constexpr int requests_per_round = 64;
/// Names that are remembered; there are as many as users and keys, and with more all are looked up anew.
constexpr std::size_t names_max = 4096;

/// The frames of a request behind its sender, as RFC 27 has them.
enum Frame : std::size_t {
  delimiter,
  version,
  request_id,
  domain,
  address,
  identity,
  mechanism,
  credentials
};
constexpr std::size_t frames_max = credentials + 1;

Peer peer_at(std::string_view address) {
  Peer peer;
  if (const auto local = read_local_peer(address)) {
    peer.uid = local->uid;
    peer.gid = local->gid;
  }
  return peer;
}

Peer peer_of(const std::vector<zmq::message_t>& request) {
  if (request[mechanism].to_string_view() != "CURVE") return peer_at(request[address].to_string_view());
  Peer peer;
  std::array<char, 41> key{};
  if (request.size() > credentials && request[credentials].size() == 32 &&
      zmq_z85_encode(key.data(), static_cast<const std::uint8_t*>(request[credentials].data()), 32)) {
    peer.key = key.data();
  }
  return peer;
}

}  // namespace

Gate::Gate(zmq::context_t& context, AccessLists lists, Counters& counters, Complaints& complaints)
    : socket_(context, zmq::socket_type::router),
      lists_(std::move(lists)),
      counters_(counters),
      complaints_(complaints) {
  socket_.set(zmq::sockopt::linger, 0);
  try {
    socket_.bind(address_of_zap);
  } catch (const zmq::error_t& error) {
    throw Error(std::string("an access list needs ") + address_of_zap +
                " of the ZeroMQ context: " + error.what() + "; give the broker a context of its own");
  }
}

Gate::~Gate() {
  unbind_inproc(socket_);
}

void Gate::do_work() {
  for (int i = 0; i < requests_per_round; ++i) {
    if (!receive_from_peer(socket_, routing_id_, frames_, frames_max)) return;
    if (frames_.size() >= credentials) answer(frames_);
  }
}

void Gate::answer(std::vector<zmq::message_t>& request) {
  const Peer peer = peer_of(request);
  const std::string name = peer.text();
  const std::string_view wanted = request[domain].to_string_view();
  const bool is_admitted = admits(name, wanted);
  if (!is_admitted) {
    counters_.add(Counter::peers_refused);
    complaints_.add("refused a connection", name,
                    "the access list does not let it " + std::string(wanted) + " (" +
                        std::string(request[address].to_string_view()) + ")");
  }
  const auto send = [this](std::string_view text, bool is_last = false) {
    const auto more = is_last ? zmq::send_flags::none : zmq::send_flags::sndmore;
    socket_.send(zmq::buffer(text), more | zmq::send_flags::dontwait);
  };
  send(routing_id_);
  send("");
  send(request[version].to_string_view());
  send(request[request_id].to_string_view());
  send(is_admitted ? "200" : "400");
  send(is_admitted ? "OK" : "not in the access list");
  send(is_admitted ? name : "");
  send("", true);
}

bool Gate::admits(const std::string& name, std::string_view wanted) {
  const Permissions& all = permissions(name);
  for (std::size_t role = 0; role < role_names.size(); ++role) {
    if (wanted == role_names[role]) return all.of_role[role].is_given;
  }
  for (std::size_t route = 0; route < all.of_route.size(); ++route) {
    if (wanted == domain_of_route(route)) return all.of_route[route];
  }
  return false;
}

std::string Gate::domain_of_route(std::size_t route) {
  return std::string(name_of(Role::subscribe)) + " at route " + std::to_string(route + 1);
}

void Gate::replace(AccessLists lists) {
  lists_ = std::move(lists);
  permissions_.clear();
}

const Gate::Permissions& Gate::permissions(std::string_view name) {
  if (const auto found = permissions_.find(name); found != permissions_.end()) return found->second;
  if (permissions_.size() >= names_max) permissions_.clear();
  const Peer peer = Peer::read(name);
  Permissions all;
  for (std::size_t role = 0; role < role_names.size(); ++role) {
    all.of_role[role] = lists_.permission(peer, static_cast<Role>(role));
  }
  for (std::size_t route = 0; route < lists_.routes.size(); ++route) {
    all.of_route.push_back(lists_.may_subscribe(peer, route));
  }
  return permissions_.emplace(std::string(name), std::move(all)).first->second;
}

std::string_view Gate::name_of_sender(const zmq::message_t& frame) noexcept {
  const char* const name = zmq_msg_gets(frame.handle(), "User-Id");
  return name == nullptr ? std::string_view() : std::string_view(name);
}

std::string Gate::owner_of(const zmq::message_t& frame) {
  const std::string_view name = name_of_sender(frame);
  if (name.starts_with("key=")) return std::string(name);
  const char* const address = zmq_msg_gets(frame.handle(), "Peer-Address");
  const auto local = address == nullptr ? std::nullopt : read_local_peer(address);
  if (!local) return {};
  // A process may change its user, but not its number. That of a process in a container can be unknown here.
  if (local->pid != 0) return std::to_string(local->pid);
  return std::to_string(local->uid) + ":" + std::to_string(local->gid);
}

const Permission& Gate::permission(std::string_view name, Role role) {
  static const Permission everything{true, {}};
  return name.empty() ? everything : permissions(name).of_role[static_cast<std::size_t>(role)];
}

bool Gate::may_subscribe(std::string_view name, std::optional<std::size_t> route) {
  if (!route || name.empty()) return permission(name, Role::subscribe).is_given;
  return permissions(name).of_route[*route];
}

}  // namespace zevi::broker
