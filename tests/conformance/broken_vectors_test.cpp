#include <memory>
#include <set>

#include "catch.hpp"
#include "vectors.hpp"
#include "zevi/wire/body.hpp"
#include "zevi/wire/broker_messages.hpp"
#include "zevi/wire/control_messages.hpp"
#include "zevi/wire/publisher_messages.hpp"
#include "zevi/wire/replay_messages.hpp"
#include "zevi/wire/subscriber_messages.hpp"

using namespace zevi;
using wire::BodyError;
using wire::DecodeError;

namespace {

const std::map<std::string, DecodeError> decode_errors{
    {"none", DecodeError::none},
    {"too_large", DecodeError::too_large},
    {"malformed", DecodeError::malformed},
    {"not_a_map", DecodeError::not_a_map},
    {"missing_field", DecodeError::missing_field},
    {"wrong_type", DecodeError::wrong_type},
    {"out_of_range", DecodeError::out_of_range},
};

const std::map<std::string, BodyError> body_errors{
    {"none", BodyError::none},
    {"empty", BodyError::empty},
    {"too_large", BodyError::too_large},
    {"head", BodyError::head},
    {"count", BodyError::count},
    {"truncated", BodyError::truncated},
    {"not_a_pair", BodyError::not_a_pair},
    {"time", BodyError::time},
    {"params", BodyError::params},
    {"event_too_large", BodyError::event_too_large},
    {"nesting", BodyError::nesting},
    {"key", BodyError::key},
    {"text", BodyError::text},
    {"extension", BodyError::extension},
    {"reserved_byte", BodyError::reserved_byte},
    {"trailing", BodyError::trailing},
};

template <typename Error>
std::string name_in(const std::map<std::string, Error>& names, Error error) {
  for (const auto& [name, value] : names) {
    if (value == error) return name;
  }
  return "?";
}

template <typename Message>
DecodeError error_of(std::string_view frame) {
  Message message;
  return wire::decode(frame, message);
}

DecodeError error_of_kind(std::string_view frame) {
  wire::Kind kind{};
  return wire::decode_kind(frame, kind);
}

using Decode = DecodeError (*)(std::string_view);
const std::map<std::string, Decode> decoders{
    {"any", error_of_kind},
    {"hello", error_of<wire::Hello>},
    {"events", error_of<wire::EventsHeader>},
    {"beat", error_of<wire::Beat>},
    {"bye", error_of<wire::Bye>},
    {"welcome", error_of<wire::Welcome>},
    {"interest", error_of<wire::Interest>},
    {"ack", error_of<wire::Ack>},
    {"reject", error_of<wire::Reject>},
    {"stream", error_of<wire::StreamHeader>},
    {"meta", error_of<wire::EventMeta>},
    {"ready", error_of<wire::Ready>},
    {"replay", error_of<wire::ReplayRequest>},
    {"stored", error_of<wire::StoredHead>},
    {"end", error_of<wire::ReplayEnd>},
    {"control", error_of<wire::ControlRequest>},
    {"answer", error_of<wire::ControlAnswer>},
};

/// The first `size` bytes in memory of exactly that size, so that the address sanitizer sees a read behind
/// them.
class Prefix {
 public:
  Prefix(const std::string& bytes, std::size_t size) : bytes_(new char[size]), size_(size) {
    std::copy_n(bytes.data(), size, bytes_.get());
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

std::string error_name(const conformance::Vector& vector, std::string_view bytes) {
  if (vector.kind == "body") {
    return name_in(body_errors, wire::check_body(bytes, vector.source.value("n", 1U)).error);
  }
  if (vector.kind == "params") return name_in(body_errors, wire::check_params(bytes).error);
  return name_in(decode_errors, decoders.at(vector.kind)(bytes));
}

}  // namespace

TEST_CASE("every broken vector is refused with its reason") {
  for (const conformance::Vector& vector : conformance::broken_vectors()) {
    INFO("vector: " << vector.name);
    CHECK(error_name(vector, Prefix(vector.bytes, vector.bytes.size()).view()) == vector.source.at("error"));
  }
}

TEST_CASE("the broken vectors reach every reason to refuse") {
  std::set<std::string> body_seen;
  std::set<std::string> decode_seen;
  for (const conformance::Vector& vector : conformance::broken_vectors()) {
    const bool is_body = vector.kind == "body" || vector.kind == "params";
    (is_body ? body_seen : decode_seen).insert(vector.source.at("error"));
  }
  CHECK(body_seen.size() == body_errors.size() - 1);
  CHECK(decode_seen.size() == decode_errors.size() - 1);
}

TEST_CASE("a good control frame cut short anywhere is malformed") {
  for (const conformance::Vector& vector : conformance::good_vectors()) {
    if (decoders.count(vector.kind) == 0 || vector.bytes.size() > 4096) continue;
    for (std::size_t size = 0; size < vector.bytes.size(); ++size) {
      INFO("vector: " << vector.name << ", cut to " << size);
      REQUIRE(error_name(vector, Prefix(vector.bytes, size).view()) == "malformed");
    }
  }
}

TEST_CASE("a good body cut short anywhere is refused") {
  for (const conformance::Vector& vector : conformance::good_vectors()) {
    if (vector.kind != "body" || vector.bytes.size() > 4096) continue;
    const auto n = vector.source.at("fields").at("n").get<std::uint32_t>();
    for (std::size_t size = 0; size < vector.bytes.size(); ++size) {
      INFO("vector: " << vector.name << ", cut to " << size);
      const Prefix prefix(vector.bytes, size);
      const BodyError expected = size < wire::body_head_bytes ? BodyError::head : BodyError::truncated;
      REQUIRE(wire::check_body(prefix.view(), n).error == expected);
    }
  }
}

TEST_CASE("the header of a batch whose topic is wrong still says which batch it is") {
  for (const conformance::Vector& vector : conformance::broken_vectors()) {
    if (vector.name != "events whose topic has a space") continue;
    wire::EventsHeader header;
    CHECK(wire::decode(vector.bytes, header) == DecodeError::out_of_range);
    CHECK(header.s == 1);
    CHECK(header.n == 2);
    CHECK(header.t.empty());
  }
}
