#include "sequencing/freshness.hpp"
#include "catch.hpp"
#include "zevi/pack.hpp"
#include "zevi/wire/body.hpp"

using namespace zevi::broker;
namespace wire = zevi::wire;

namespace {

/// A piece of events with these times, the first of which has number 10.
Piece piece(const std::vector<std::int64_t>& times) {
  std::string bytes(wire::body_head_bytes, '\0');
  const auto n = static_cast<std::uint32_t>(times.size());
  zevi::pack::put_array32_head(reinterpret_cast<std::uint8_t*>(bytes.data()), n);
  zevi::pack::Writer writer(bytes);
  for (const std::int64_t time : times) writer.array(2).sint(time).map(1).text("t").sint(time);
  const auto name = std::make_shared<PublisherName>(PublisherName{7, "src", 1, "host"});
  return {name, "origin", 10, n, zmq::message_t(bytes)};
}

std::vector<std::int64_t> times_of(const Piece& piece) {
  CHECK(wire::check_body(piece.body.to_string_view(), piece.n));
  std::vector<std::int64_t> times;
  wire::BodyReader reader(piece.body.to_string_view());
  for (wire::Entry entry; reader.next(entry);) times.push_back(entry.time_ns);
  return times;
}

using Times = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a batch without old events stays as it came") {
  Piece whole = piece({5, 6, 7, 8, 9, 10, 11, 12});  // no longer in the message itself
  const void* const bytes = whole.body.data();
  const std::vector<Piece> parts = without_older(std::move(whole), 5);
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].body.data() == bytes);
  CHECK(parts[0].n == 8);
}

TEST_CASE("old events leave their batch, and the others keep their numbers") {
  const std::vector<Piece> parts = without_older(piece({1, 5, 6, 2, -3, 9}), 5);
  REQUIRE(parts.size() == 2);
  CHECK(times_of(parts[0]) == Times{5, 6});
  CHECK(parts[0].p == 11);
  CHECK(times_of(parts[1]) == Times{9});
  CHECK(parts[1].p == 15);
  CHECK(parts[1].publisher->id == 7);
  CHECK(parts[1].origin == "origin");
}

TEST_CASE("of a batch of old events nothing is left") {
  CHECK(without_older(piece({1, 2, 3}), 5).empty());
}
