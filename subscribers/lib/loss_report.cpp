#include "loss_report.hpp"

#include <unistd.h>

#include <cerrno>

#include "zevi/endpoints.hpp"
#include "zevi/error.hpp"
#include "zevi/wire/control_messages.hpp"

namespace zevi::subscriber {

namespace {

constexpr int linger_ms = 100;
constexpr int reconnect_ms = 1000;
constexpr int reports_waiting_max = 1000;

}  // namespace

LossReport::LossReport(zmq::context_t& context, const SubscriberOptions& options)
    : context_(context), knows_broker_(options.endpoint.empty()), runtime_dir_(options.runtime_dir) {}

void LossReport::connect() {
  const std::string endpoint = ipc_endpoint(client_runtime_dir(runtime_dir_), endpoint_names::control);
  zmq::socket_t socket(context_, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::linger, linger_ms);
  socket.set(zmq::sockopt::sndhwm, reports_waiting_max);
  socket.set(zmq::sockopt::rcvhwm, reports_waiting_max);
  socket.set(zmq::sockopt::reconnect_ivl, reconnect_ms);
  socket.connect(endpoint);
  socket_ = std::move(socket);
}

void LossReport::discard_answers() {
  zmq::message_t answer;
  while (socket_->recv(answer, zmq::recv_flags::dontwait)) {
  }
}

void LossReport::tell(const Gap& gap) noexcept {
  if (!knows_broker_) return;
  try {
    if (!socket_) connect();
    discard_answers();
    wire::ControlRequest request;
    request.cmd = "lost";
    request.t = gap.topic;
    request.q = gap.q_from;
    request.n = gap.count();
    request.src = program_invocation_short_name;
    request.pid = static_cast<std::uint64_t>(getpid());
    std::string frame;
    wire::encode(request, frame);
    static_cast<void>(socket_->send(zmq::buffer(frame), zmq::send_flags::dontwait));
  } catch (const std::exception&) {
    // The caller is told of the loss itself; that the broker is not must not disturb it.
  }
}

}  // namespace zevi::subscriber
