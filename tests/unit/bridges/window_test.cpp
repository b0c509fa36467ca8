#include "window.hpp"

#include "catch.hpp"

namespace zevi::bridges {

namespace {

Outgoing message(std::string payload) {
  Outgoing out;
  out.payload = std::move(payload);
  return out;
}

Window window_of(std::size_t count) {
  Window window(100, 1'000'000);
  for (std::size_t i = 0; i < count; ++i) window.push(message(std::to_string(i + 1)));
  return window;
}

/// The numbers that it gives to be sent, all of them.
std::vector<std::uint64_t> send_all(Window& window) {
  std::vector<std::uint64_t> numbers;
  while (const Outgoing* const next = window.next_to_send()) {
    numbers.push_back(next->number);
    static_cast<void>(window.note_sent());
  }
  return numbers;
}

}  // namespace

TEST_CASE("messages are numbered from 1 and given to be sent in their order, each once") {
  Window window = window_of(3);
  CHECK(window.last() == 3);
  CHECK(send_all(window) == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(send_all(window).empty());
  window.push(message("4"));
  CHECK(send_all(window) == std::vector<std::uint64_t>{4});
}

TEST_CASE("nothing is done with before all that was read before it") {
  Window window = window_of(4);
  static_cast<void>(send_all(window));
  CHECK(window.settle(3));
  CHECK(window.settle(2));
  CHECK(window.done_to() == 0);
  CHECK(window.settle(1));
  CHECK(window.done_to() == 3);
  CHECK(window.size() == 1);
}

TEST_CASE("the oldest event is the first that is not done with") {
  Window window(100, 1'000'000);
  const Window::Time first{std::chrono::seconds(7)};
  window.push(message("1"), first);
  window.push(message("2"), first + std::chrono::seconds(1));
  CHECK(window.settle(2));
  CHECK(window.oldest() == first);
  window.push(message("3"), first + std::chrono::seconds(2));
  CHECK(window.settle(1));
  CHECK(window.oldest() == first + std::chrono::seconds(2));
}

TEST_CASE("an acknowledgement that comes twice, or of no message, is no news") {
  Window window = window_of(3);
  CHECK(window.settle(2));
  CHECK_FALSE(window.settle(2));
  CHECK_FALSE(window.settle(0));
  CHECK_FALSE(window.settle(4));
  CHECK(window.settle_to(99) == 2);
  CHECK(window.settle_to(99) == 0);
  CHECK_FALSE(window.settle(1));
  CHECK(window.done_to() == 3);
}

TEST_CASE("behind a lost connection all that was not acknowledged is sent again, in its order") {
  Window window = window_of(5);
  static_cast<void>(send_all(window));
  CHECK(window.settle(1));
  CHECK(window.settle(3));
  window.send_again();
  CHECK(window.next_to_send()->number == 2);
  CHECK(window.note_sent());
  CHECK(send_all(window) == std::vector<std::uint64_t>{4, 5});
}

TEST_CASE("what is acknowledged before it was sent again is not sent again") {
  Window window = window_of(3);
  static_cast<void>(send_all(window));
  window.send_again();
  CHECK(window.settle_to(2) == 2);
  CHECK(send_all(window) == std::vector<std::uint64_t>{3});
}

TEST_CASE("a window is full by messages and by bytes, and has room once the first have gone") {
  Window by_messages(2, 1'000'000);
  by_messages.push(message("a"));
  CHECK_FALSE(by_messages.is_full());
  by_messages.push(message("b"));
  CHECK(by_messages.is_full());
  CHECK(by_messages.settle(1));
  CHECK_FALSE(by_messages.is_full());

  Window by_bytes(100, 10'000);
  by_bytes.push(message(std::string(20'000, 'x')));
  CHECK(by_bytes.is_full());
  CHECK(by_bytes.settle(1));
  CHECK_FALSE(by_bytes.is_full());
}

}  // namespace zevi::bridges
