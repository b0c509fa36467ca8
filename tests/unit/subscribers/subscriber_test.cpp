#include "zevi/subscriber.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "catch.hpp"
#include "feed_messages.hpp"

using namespace std::chrono_literals;
using namespace zevi;
using test::Batch;

namespace {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/zevi-test-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// An XPUB that sends what it is told, right or wrong, and answers barriers when it is told to.
class PubDouble {
 public:
  PubDouble(zmq::context_t& context, const std::string& endpoint) : socket_(context, zmq::socket_type::xpub) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::xpub_verboser, 1);
    socket_.bind(endpoint);
  }

  void send(subscriber::Frames frames) {
    socket_.send(frames[0], zmq::send_flags::sndmore);
    socket_.send(frames[1], zmq::send_flags::sndmore);
    socket_.send(frames[2], zmq::send_flags::none);
  }
  void send_one_frame(std::string_view frame) { socket_.send(zmq::buffer(frame), zmq::send_flags::none); }

  /// Waits for the next subscription that begins with `prefix` and gives its topic.
  std::string wait_for(std::string_view prefix) {
    for (;;) {
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
      zmq::message_t message;
      // Not by an assertion, since it may run in a thread beside the test's.
      if (zmq::poll(&item, 1, 20s) != 1 || !socket_.recv(message)) {
        throw std::runtime_error("no subscription that begins with " + std::string(prefix));
      }
      const std::string_view text = subscriber::text_of(message);
      if (text.starts_with('\1') && text.substr(1).starts_with(prefix)) return std::string(text.substr(1));
    }
  }
  /// Waits for the end of a subscription.
  bool wait_for_end_of(std::string_view topic) {
    for (;;) {
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
      zmq::message_t message;
      if (zmq::poll(&item, 1, 20s) != 1 || !socket_.recv(message)) return false;
      const std::string_view text = subscriber::text_of(message);
      if (text.starts_with('\0') && text.substr(1) == topic) return true;
    }
  }
  void answer(std::string_view question, std::uint64_t epoch, std::uint64_t unconfirmed) {
    answer(question, {.b = epoch, .at = 1, .unconfirmed = unconfirmed});
  }
  void answer(std::string_view question, const wire::Ready& ready) {
    std::string frame;
    wire::encode(ready, frame);
    send(test::frames(question, "\x80", frame));
  }

 private:
  zmq::socket_t socket_;
};

const Message* next_event(Subscriber& subscriber) {
  for (;;) {
    const Message* message = subscriber.next(10s);
    REQUIRE(message != nullptr);
    if (message->event() != nullptr) return message;
  }
}

/// A double and a subscriber of `E_TEST` that meet on an ipc socket in a temporary directory. There is no
/// history.
struct Pair {
  TemporaryDirectory directory;
  zmq::context_t context{1};
  std::string endpoint = "ipc://" + directory.path() + "/stream";
  PubDouble pub{context, endpoint};
  Subscriber subscriber{
      SubscriberOptions{.topics = {"E_TEST"}, .runtime_dir = directory.path(), .repair = false}};
};

}  // namespace

TEST_CASE("a subscriber finds the stream endpoint in the runtime directory") {
  Pair pair;
  static_cast<void>(pair.pub.wait_for("~ready."));
  pair.pub.send(test::stream_message({.q = 1, .n = 2}));
  CHECK(pair.subscriber.endpoint() == pair.endpoint);
  CHECK(next_event(pair.subscriber)->event()->q == 1);
  CHECK(next_event(pair.subscriber)->event()->q == 2);
  CHECK(pair.subscriber.next(0ms) == nullptr);
  CHECK(pair.subscriber.connected());
  CHECK(pair.subscriber.statistics().events == 2);
}

TEST_CASE("a subscriber reads the events endpoint when it is told to") {
  TemporaryDirectory directory;
  zmq::context_t context(1);
  PubDouble pub(context, "ipc://" + directory.path() + "/events");
  Subscriber subscriber({.topics = {"*"}, .runtime_dir = directory.path(), .feed = Feed::events});
  static_cast<void>(pub.wait_for("~ready."));
  pub.send(test::events_message({.q = 4}));
  CHECK(next_event(subscriber)->event()->q == 4);
}

TEST_CASE("a subscriber shares the caller's context over inproc") {
  zmq::context_t context(1);
  PubDouble pub(context, "inproc://stream");
  Subscriber subscriber({.topics = {"E_*"}, .endpoint = "inproc://stream", .context = &context});
  static_cast<void>(pub.wait_for("~ready."));
  pub.send(test::stream_message({}));
  CHECK(next_event(subscriber)->event()->topic == "E_TEST");
}

TEST_CASE("the barrier is asked for after the topics and gives the unconfirmed publishers") {
  Pair pair;
  CHECK(pair.pub.wait_for("") == "E_TEST");
  const std::string question = pair.pub.wait_for("");
  CHECK(question.starts_with("~ready."));
  pair.pub.send(test::stream_message({.q = 1}));
  pair.pub.answer(question, 7, 3);
  pair.pub.send(test::stream_message({.q = 2}));
  CHECK(pair.subscriber.wait_ready(10s) == 3);
  CHECK(pair.subscriber.wait_ready(0s) == 3);
  CHECK(next_event(pair.subscriber)->event()->q == 1);
  CHECK(next_event(pair.subscriber)->event()->q == 2);
}

TEST_CASE("a barrier that is not answered is asked for again under another name") {
  Pair pair;
  const std::string first = pair.pub.wait_for("~ready.");
  std::string second;
  std::thread broker([&] {
    second = pair.pub.wait_for("~ready.");
    pair.pub.answer(second, 7, 0);
  });
  const auto unconfirmed = pair.subscriber.wait_ready(20s);
  broker.join();
  CHECK(unconfirmed == 0);
  CHECK(first != second);
}

TEST_CASE("a barrier nobody answers is given up at the timeout") {
  TemporaryDirectory directory;
  Subscriber subscriber({.topics = {"E_TEST"}, .runtime_dir = directory.path()});
  CHECK_FALSE(subscriber.wait_ready(1ms));
  CHECK_FALSE(subscriber.connected());
}

TEST_CASE("somebody else's barrier is not ours") {
  Pair pair;
  const std::string question = pair.pub.wait_for("~ready.");
  pair.pub.answer(question + "0", 7, 0);
  pair.pub.send(test::stream_message({}));
  static_cast<void>(next_event(pair.subscriber));
  CHECK_FALSE(pair.subscriber.wait_ready(1ms));
}

TEST_CASE("a subscriber connects again to a new broker and tells the new epoch") {
  TemporaryDirectory directory;
  const std::string endpoint = "ipc://" + directory.path() + "/stream";
  Subscriber subscriber({.topics = {"E_TEST"}, .endpoint = endpoint});
  {
    // Only the end of its context says that the socket's path is gone for good.
    zmq::context_t first_context(1);
    PubDouble first(first_context, endpoint);
    first.answer(first.wait_for("~ready."), 7, 0);
    first.send(test::stream_message({.q = 1}));
    CHECK(next_event(subscriber)->event()->q == 1);
  }
  zmq::context_t context(1);
  PubDouble second(context, endpoint);
  // libzmq subscribes again in the reader's thread, so that both sides have to be at work.
  std::thread broker([&] {
    second.answer(second.wait_for("~ready."), 8, 0);
    second.send(test::stream_message({.epoch = 8, .q = 1, .id = 1}));
  });
  const Message* message = subscriber.next(20s);
  broker.join();
  REQUIRE(message != nullptr);
  REQUIRE(message->epoch_changed() != nullptr);
  CHECK(message->epoch_changed()->from == 7);
  CHECK(message->epoch_changed()->to == 8);
  CHECK(next_event(subscriber)->event()->epoch == 8);
}

TEST_CASE("messages with a wrong number of frames are counted and passed over") {
  Pair pair;
  static_cast<void>(pair.pub.wait_for("~ready."));
  pair.pub.send_one_frame("E_TEST");
  pair.pub.send(test::frames("E_TEST", "", ""));
  pair.pub.send(test::stream_message({}));
  CHECK(next_event(pair.subscriber)->event()->q == 1);
  CHECK(pair.subscriber.statistics().malformed == 2);
}

TEST_CASE("a readable wake descriptor ends a wait and a loop") {
  TemporaryDirectory directory;
  const int wake = eventfd(1, EFD_CLOEXEC);
  Subscriber subscriber({.topics = {"*"}, .runtime_dir = directory.path(), .wake_fd = wake});
  CHECK(subscriber.next() == nullptr);
  CHECK_FALSE(subscriber.wait_ready(1h));
  for (const Message& message : subscriber) FAIL(describe(message));
  close(wake);
}

TEST_CASE("a subscriber moves and goes on where it was") {
  Pair pair;
  static_cast<void>(pair.pub.wait_for("~ready."));
  pair.pub.send(test::stream_message({.q = 1, .n = 2}));
  CHECK(next_event(pair.subscriber)->event()->q == 1);
  Subscriber moved = std::move(pair.subscriber);
  CHECK(next_event(moved)->event()->q == 2);
}

TEST_CASE("a runtime directory that appears later is found while there is no connection") {
  TemporaryDirectory directory;
  const std::string session = directory.path() + "/session";
  setenv("XDG_RUNTIME_DIR", directory.path().c_str(), 1);
  setenv("ZEVI_RUNTIME_DIR", session.c_str(), 1);
  Subscriber subscriber("E_TEST");
  CHECK(subscriber.endpoint() == "ipc://" + session + "/stream");
  setenv("ZEVI_RUNTIME_DIR", directory.path().c_str(), 1);
  zmq::context_t context(1);
  PubDouble pub(context, "ipc://" + directory.path() + "/stream");
  std::thread broker([&] {
    pub.answer(pub.wait_for("~ready."), 7, 0);
    pub.send(test::stream_message({}));
  });
  const Message* message = subscriber.next(20s);
  broker.join();
  REQUIRE(message != nullptr);
  CHECK(message->event()->q == 1);
  unsetenv("ZEVI_RUNTIME_DIR");
  unsetenv("XDG_RUNTIME_DIR");
}

TEST_CASE("options that cannot be used are refused in words") {
  CHECK_THROWS_AS(Subscriber("E CORE"), Error);
  CHECK_THROWS_AS(Subscriber(SubscriberOptions{.endpoint = "ipc:///tmp/x"}), Error);
  CHECK_THROWS_AS(Subscriber(SubscriberOptions{.topics = {"*"}, .endpoint = "nonsense"}), Error);
  CHECK_THROWS_AS(
      Subscriber(SubscriberOptions{.topics = {"*"}, .endpoint = "ipc:///tmp/x", .budget_bytes = 1000}),
      Error);
}

TEST_CASE("a route that the broker names is connected to and waited for") {
  Pair pair;
  const std::string route_endpoint = "ipc://" + pair.directory.path() + "/route";
  PubDouble route(pair.context, route_endpoint);
  const std::string question = pair.pub.wait_for("~ready.");
  pair.pub.answer(question,
                  {.b = 7, .unconfirmed = 1, .routes = {{"E_", route_endpoint}, {"X_", "ipc:///x"}}});
  CHECK_FALSE(pair.subscriber.wait_ready(0ms));
  std::thread answers(
      [&] { route.answer(route.wait_for("~ready."), {.b = 7, .unconfirmed = 3, .route = "E_"}); });
  CHECK(pair.subscriber.wait_ready(10s) == 3);
  answers.join();
  route.send(test::stream_message({.q = 1}));
  CHECK(next_event(pair.subscriber)->event()->q == 1);
  CHECK(pair.subscriber.statistics().silent_routes == 0);
}

TEST_CASE("a route that does not answer, or for another broker, is told and does not hold up the rest") {
  Pair pair;
  const std::string route_endpoint = "ipc://" + pair.directory.path() + "/route";
  PubDouble route(pair.context, route_endpoint);
  const std::string question = pair.pub.wait_for("~ready.");
  pair.pub.answer(question,
                  {.b = 7, .routes = {{"E_TEST", route_endpoint}, {"E_", "ipc:///nowhere/at/all"}}});
  std::thread answers([&] { route.answer(route.wait_for("~ready."), {.b = 6, .route = "E_TEST"}); });
  CHECK(pair.subscriber.wait_ready(10s) == 0);
  answers.join();
  CHECK(pair.subscriber.statistics().silent_routes == 2);
  pair.pub.send(test::stream_message({.q = 1}));
  CHECK(next_event(pair.subscriber)->event()->q == 1);
}

TEST_CASE("a route that the broker names no longer is left") {
  Pair pair;
  const std::string route_endpoint = "ipc://" + pair.directory.path() + "/route";
  PubDouble route(pair.context, route_endpoint);
  const std::string question = pair.pub.wait_for("~ready.");
  pair.pub.answer(question, {.b = 7, .routes = {{"E_", route_endpoint}}});
  CHECK(pair.subscriber.wait_ready(10s) == 0);
  const std::string later_question = pair.pub.wait_for("~ready.");
  static_cast<void>(route.wait_for(later_question));
  pair.pub.answer(later_question, {.b = 8});
  pair.pub.send(test::stream_message({.epoch = 8, .q = 1}));
  CHECK(next_event(pair.subscriber)->event()->q == 1);
  // The socket ends a connection as it reads on.
  std::future<bool> has_left =
      std::async(std::launch::async, [&] { return route.wait_for_end_of("E_TEST"); });
  while (has_left.wait_for(0s) != std::future_status::ready) static_cast<void>(pair.subscriber.next(5ms));
  CHECK(has_left.get());
}
