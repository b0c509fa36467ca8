#include "shim/body_buffer.hpp"

#include "catch.hpp"
#include "zevi/limits.hpp"
#include "zevi/wire/body.hpp"

using zevi::shim::BodyBuffer;

TEST_CASE("a body is the head of an array and the entries, byte for byte") {
  BodyBuffer buffer;
  CHECK(buffer.is_empty());
  buffer.append("one");
  buffer.append("three");
  CHECK(buffer.size() == zevi::wire::body_head_bytes + 8);
  CHECK(buffer.take(0x01020304).to_string() == "\xDD\x01\x02\x03\x04onethree");
}

TEST_CASE("a buffer whose body was taken begins anew and leaves the taken body as it was") {
  BodyBuffer buffer;
  buffer.append("first");
  const zmq::message_t first = buffer.take(1);
  CHECK(buffer.is_empty());
  buffer.append("second");
  const zmq::message_t second = buffer.take(2);
  CHECK(first.to_string() == std::string("\xDD\0\0\0\x01", 5) + "first");
  CHECK(second.to_string() == std::string("\xDD\0\0\0\x02", 5) + "second");
}

TEST_CASE("a body grows to the size of a largest batch, whatever the sizes of its entries") {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{11}, std::size_t{507}, std::size_t{508},
                                  std::size_t{4096}, zevi::limits::event_bytes_max}) {
    BodyBuffer buffer;
    std::string expected;
    for (char mark = 'a';
         zevi::wire::body_head_bytes + expected.size() + bytes <= zevi::limits::batch_bytes_max;
         mark = mark == 'z' ? 'a' : static_cast<char>(mark + 1)) {
      const std::string entry(bytes, mark);
      buffer.append(entry);
      expected += entry;
    }
    CHECK(buffer.size() == zevi::wire::body_head_bytes + expected.size());
    if (buffer.take(9).to_string().substr(zevi::wire::body_head_bytes) != expected)
      FAIL("entries of " << bytes);
  }
}

TEST_CASE("a body that is never taken is freed") {
  BodyBuffer buffer;
  buffer.append(std::string(100'000, 'x'));
}
