#include "scripted_broker.hpp"

#include <chrono>
#include <zmq_addon.hpp>

#include "catch.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::test {

namespace {

constexpr std::chrono::milliseconds deadline{30'000};

const char* name_of(wire::Kind kind) {
  switch (kind) {
    case wire::Kind::hello:
      return "hello";
    case wire::Kind::events:
      return "events";
    case wire::Kind::beat:
      return "beat";
    case wire::Kind::bye:
      return "bye";
    default:
      return "no message of a publisher";
  }
}

SentBatch batch_of(const std::string& routing_id, const std::vector<std::string>& frames) {
  REQUIRE(frames.size() == 2);
  wire::EventsHeader header;
  REQUIRE(wire::decode(frames[0], header) == wire::DecodeError::none);
  const wire::BodyCheck check = wire::check_body(frames[1], header.n);
  INFO(wire::describe(check.error));
  REQUIRE(check);
  SentBatch batch{routing_id, frames[0], frames[1], std::string(header.t), header.s, header.p,
                  header.n,   header.d,  {}};
  wire::BodyReader reader(batch.body);
  for (wire::Entry entry; reader.next(entry);)
    batch.events.push_back({entry.time_ns, std::string(entry.params)});
  return batch;
}

}  // namespace

ScriptedBroker::ScriptedBroker(const std::string& endpoint, std::uint64_t id, zmq::context_t* context)
    : endpoint_(endpoint), id_(id) {
  if (context == nullptr) context = &own_context_.emplace();
  router_ = zmq::socket_t(*context, zmq::socket_type::router);
  router_.set(zmq::sockopt::linger, 0);
  router_.set(zmq::sockopt::router_mandatory, true);
  router_.set(zmq::sockopt::rcvtimeo, static_cast<int>(deadline.count()));
  router_.bind(endpoint);
}

ScriptedBroker::~ScriptedBroker() {
  // Closing alone gives an inproc name free at some later time.
  static_cast<void>(zmq_unbind(router_.handle(), endpoint_.c_str()));
}

ScriptedBroker::Heard ScriptedBroker::next() {
  std::vector<zmq::message_t> parts;
  if (!zmq::recv_multipart(router_, std::back_inserter(parts))) FAIL("the publisher says nothing");
  Heard heard;
  heard.routing_id = parts.front().to_string();
  for (std::size_t i = 1; i < parts.size(); ++i) heard.frames.push_back(parts[i].to_string());
  REQUIRE(!heard.frames.empty());
  REQUIRE(wire::decode_kind(heard.frames[0], heard.kind) == wire::DecodeError::none);
  if (heard.kind == wire::Kind::beat) note_drops(heard.frames[0]);
  return heard;
}

ScriptedBroker::Heard ScriptedBroker::next_but_beats(wire::Kind kind) {
  for (;;) {
    Heard heard = next();
    if (heard.kind == kind) return heard;
    if (heard.kind != wire::Kind::beat) FAIL(name_of(heard.kind) << " instead of " << name_of(kind));
  }
}

SentHello ScriptedBroker::expect_hello() {
  const Heard heard = next_but_beats(wire::Kind::hello);
  wire::Hello hello;
  REQUIRE(wire::decode(heard.frames[0], hello) == wire::DecodeError::none);
  routing_id_ = heard.routing_id;
  return {heard.routing_id, std::string(hello.src), std::string(hello.host), hello.pid, hello.id, hello.s,
          hello.g};
}

SentBatch ScriptedBroker::expect_batch() {
  const Heard heard = next_but_beats(wire::Kind::events);
  return batch_of(heard.routing_id, heard.frames);
}

wire::Bye ScriptedBroker::expect_bye() {
  const Heard heard = next_but_beats(wire::Kind::bye);
  wire::Bye bye;
  REQUIRE(wire::decode(heard.frames[0], bye) == wire::DecodeError::none);
  bye.d.clear();  // points into the frame
  return bye;
}

std::vector<SentBatch> ScriptedBroker::expect_events(std::size_t events) {
  std::vector<SentBatch> batches;
  for (std::size_t seen = 0; seen < events;) {
    batches.push_back(expect_batch());
    seen += batches.back().events.size();
    REQUIRE(seen <= events);
  }
  return batches;
}

std::uint64_t ScriptedBroker::expect_beat(std::optional<std::uint64_t> generation) {
  for (;;) {
    const Heard heard = next();
    if (heard.kind != wire::Kind::beat) FAIL(name_of(heard.kind) << " instead of a beat");
    wire::Beat beat;
    REQUIRE(wire::decode(heard.frames[0], beat) == wire::DecodeError::none);
    if (!generation || beat.g == *generation) return beat.g;
  }
}

void ScriptedBroker::expect_drops(const std::string& topic, std::uint64_t drops) {
  while (drops_[topic] < drops) expect_beat();
  CHECK(drops_[topic] == drops);
}

void ScriptedBroker::note_drops(const std::string& frame) {
  wire::Beat beat;
  REQUIRE(wire::decode(frame, beat) == wire::DecodeError::none);
  for (const wire::TopicCount& drop : beat.d) drops_[std::string(drop.topic)] = drop.count;
}

SentHello ScriptedBroker::welcome(const wire::Welcome& message) {
  SentHello hello = expect_hello();
  say_welcome(message);
  return hello;
}

void ScriptedBroker::say_welcome(wire::Welcome message) {
  message.id = id_;
  send(message);
}

void ScriptedBroker::send_raw(const std::vector<std::string>& frames) {
  router_.send(zmq::buffer(routing_id_), zmq::send_flags::sndmore);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    router_.send(zmq::buffer(frames[i]),
                 i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
}

}  // namespace zevi::test
