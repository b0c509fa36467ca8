#include <iostream>

#include "program.hpp"
#include "zmq.hpp"

/// What somebody would put together with ZeroMQ alone: `zmq_proxy` between an XSUB, where publishers connect,
/// and an XPUB, where subscribers do.
///
/// XPUB_NODROP makes a full queue hold up the publishers in turn, as a socket's buffer does with the other
/// brokers, instead of losing events. Longer queues or more I/O threads made it no faster.
namespace {

int proxy(int argc, char** argv) {
  if (argc != 2) throw zevi::program::UsageError("usage: bench-zmq-proxy DIRECTORY");
  const std::string directory = argv[1];
  zmq::context_t context(1);
  zmq::socket_t in(context, zmq::socket_type::xsub);
  zmq::socket_t out(context, zmq::socket_type::xpub);
  out.set(zmq::sockopt::xpub_nodrop, true);
  in.bind("ipc://" + directory + "/in");
  out.bind("ipc://" + directory + "/out");
  std::cerr << "ready" << std::endl;
  zmq::proxy(in, out);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("bench-zmq-proxy", [&] { return proxy(argc, argv); });
}
