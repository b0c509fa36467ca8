#include "replay_socket.hpp"

#include <chrono>
#include <optional>
#include <thread>

#include "catch.hpp"
#include "temporary_directory.hpp"

using zevi::subscriber::ReplaySocket;

TEST_CASE("an answer whose broker dies in its midst is read up to there") {
  constexpr int parts = 200;
  const TemporaryDirectory directory;
  zevi::SubscriberOptions options;
  options.replay_endpoint = "ipc://" + directory.path() + "/replay";
  std::optional<zmq::context_t> brokers(1);
  std::optional<zmq::socket_t> broker(std::in_place, *brokers, zmq::socket_type::router);
  broker->set(zmq::sockopt::linger, 0);
  broker->bind(options.replay_endpoint);
  zmq::context_t context;
  ReplaySocket reader(context, options);
  REQUIRE(reader.ask("question"));
  zmq::message_t id;
  zmq::message_t question;
  REQUIRE(broker->recv(id));
  REQUIRE(broker->recv(question));
  // libzmq looks for commands at every 100th frame: with this one that is in the midst of a message.
  broker->send(zmq::buffer(id.to_string_view()), zmq::send_flags::sndmore);
  broker->send(zmq::str_buffer("end"));
  for (int i = 0; i < parts; ++i) {
    broker->send(zmq::buffer(id.to_string_view()), zmq::send_flags::sndmore);
    for (int frame = 0; frame < 3; ++frame) broker->send(zmq::str_buffer("frame"), zmq::send_flags::sndmore);
    broker->send(zmq::str_buffer("frame"));
  }
  std::vector<zmq::message_t> frames;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!reader.receive(frames) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  REQUIRE(frames.size() == 1);
  // libzmq's own thread finds out about the end and must not take away what is being read.
  broker.reset();
  brokers.reset();
  for (int wait = 0; wait < 20; ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  int whole = 0;
  while (reader.receive(frames)) whole += frames.size() == 4 ? 1 : 0;
  CHECK(whole == parts);
}
