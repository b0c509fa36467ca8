#include "replay_socket.hpp"

#include <zmq.h>

#include <cerrno>
#include <filesystem>

#include "curve.hpp"
#include "zevi/endpoints.hpp"
#include "zevi/error.hpp"
#include "zevi/limits.hpp"

namespace zevi::subscriber {

namespace {

/// A day, in ms: longer than anybody waits here. With -1 libzmq does not connect again either, but takes the
/// connection away as soon as it is lost, at any 100th frame: in the midst of a message that aborts (4.3.4,
/// fq.cpp: `!_more`), and what had arrived would be gone.
constexpr int never = 24 * 60 * 60 * 1000;

/// How many parts of an answer may wait here; they are at most 64 KiB but for a single large event, and an
/// answer is not longer than 4 MiB.
constexpr int parts_max = 256;

}  // namespace

ReplaySocket::ReplaySocket(zmq::context_t& context, const SubscriberOptions& options)
    : context_(context),
      runtime_dir_(options.runtime_dir),
      fixed_endpoint_(options.replay_endpoint),
      curve_(read_curve_client(options.curve_key, options.curve_server_key)) {
  if (fixed_endpoint_.empty()) return;
  // A mistake in it is told at once.
  if (!connect()) {
    throw Error("cannot connect to " + fixed_endpoint_ +
                "; give ipc://PATH, tcp://HOST:PORT or inproc://NAME");
  }
  hang_up();
}

bool ReplaySocket::connect() {
  try {
    const std::string endpoint = fixed_endpoint_.empty()
                                     ? ipc_endpoint(client_runtime_dir(runtime_dir_), endpoint_names::replay)
                                     : fixed_endpoint_;
    constexpr std::string_view ipc = "ipc://";
    std::error_code error;
    const bool is_path = endpoint.starts_with(ipc) && !endpoint.starts_with("ipc://@");
    if (fixed_endpoint_.empty() && is_path && !std::filesystem::exists(endpoint.substr(ipc.size()), error)) {
      return false;
    }
    socket_.emplace(context_, zmq::socket_type::dealer);
    socket_->set(zmq::sockopt::linger, 0);
    socket_->set(zmq::sockopt::rcvhwm, parts_max);
    socket_->set(zmq::sockopt::reconnect_ivl, never);
    socket_->set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::replay_frame_bytes_max));
    socket_->set(zmq::sockopt::handshake_ivl, 5000);
    use_curve(*socket_, curve_, endpoint);
    socket_->connect(endpoint);
    return true;
  } catch (const Error&) {
  } catch (const zmq::error_t&) {
  }
  hang_up();
  return false;
}

bool ReplaySocket::ask(const std::string& question) {
  if (!socket_ && !connect()) return false;
  try {
    return socket_->send(zmq::buffer(question), zmq::send_flags::dontwait).has_value();
  } catch (const zmq::error_t& error) {
    // Not sent either: the question is asked again.
    if (error.num() == EINTR) return true;
    throw Error(std::string("cannot ask the history: ") + error.what());
  }
}

bool ReplaySocket::receive(std::vector<zmq::message_t>& frames) {
  if (!socket_) return false;
  frames.clear();
  try {
    zmq::message_t frame;
    do {
      if (!socket_->recv(frame, zmq::recv_flags::dontwait)) return false;
      // More frames than any part of an answer has are taken and left.
      if (frames.size() <= 4) frames.push_back(std::move(frame));
    } while (socket_->get(zmq::sockopt::rcvmore) != 0);
    return true;
  } catch (const zmq::error_t& error) {
    if (error.num() == EINTR) return false;
    throw Error(std::string("cannot read the history: ") + error.what());
  }
}

void ReplaySocket::hang_up() noexcept {
  socket_.reset();
}

}  // namespace zevi::subscriber
