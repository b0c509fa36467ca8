#include <set>

#include "catch.hpp"
#include "message_json.hpp"
#include "vectors.hpp"
#include "zevi/wire/body.hpp"

using namespace zevi;
using conformance::to_hex;
using nlohmann::json;

namespace {

template <typename Message>
void check_control_frame(const conformance::Vector& vector) {
  Message message;
  REQUIRE(wire::decode(vector.bytes, message) == wire::DecodeError::none);
  CHECK(conformance::to_fields(message) == vector.source.at("fields"));
  if (!vector.source.value("canonical", true)) return;
  std::string encoded;
  wire::encode(message, encoded);
  CHECK(to_hex(encoded) == to_hex(vector.bytes));
}

void check_who(const conformance::Vector& vector) {
  wire::Kind kind{};
  REQUIRE(wire::decode_kind(vector.bytes, kind) == wire::DecodeError::none);
  CHECK(kind == wire::Kind::who);
  if (!vector.source.value("canonical", true)) return;
  std::string encoded;
  wire::encode(wire::Who{}, encoded);
  CHECK(to_hex(encoded) == to_hex(vector.bytes));
}

void check_unknown(const conformance::Vector& vector) {
  wire::Kind kind{};
  REQUIRE(wire::decode_kind(vector.bytes, kind) == wire::DecodeError::none);
  CHECK(kind == wire::Kind::unknown);
}

/// As the shim writes a body, from what was read.
std::string rewritten(std::string_view body, std::uint32_t n) {
  std::string out(wire::body_head_bytes, '\0');
  pack::put_array32_head(reinterpret_cast<std::uint8_t*>(out.data()), n);
  wire::BodyReader reader(body);
  wire::Entry entry;
  while (reader.next(entry)) {
    std::uint8_t head[wire::entry_head_bytes];
    pack::put_int64_wide(pack::put_array_head(head, 2), entry.time_ns);
    out.append(reinterpret_cast<const char*>(head), sizeof head).append(entry.params);
  }
  return out;
}

void check_whole_body(const conformance::Vector& vector) {
  const json& fields = vector.source.at("fields");
  const auto n = fields.at("n").get<std::uint32_t>();
  const wire::BodyCheck check = wire::check_body(vector.bytes, n);
  INFO(wire::describe(check.error) << " at " << check.offset);
  REQUIRE(check);
  wire::BodyReader reader(vector.bytes);
  wire::Entry entry;
  json entries = json::array();
  while (reader.next(entry)) {
    CHECK(wire::check_params(entry.params));
    pack::Reader params(entry.params);
    entries.push_back(json::array({entry.time_ns, conformance::to_json(params)}));
  }
  CHECK_FALSE(reader.failed());
  CHECK(entries.size() == n);
  if (fields.contains("entries")) CHECK(entries == fields.at("entries"));
  if (vector.source.value("canonical", true))
    CHECK(to_hex(rewritten(vector.bytes, n)) == to_hex(vector.bytes));
}

void check_event_params(const conformance::Vector& vector) {
  REQUIRE(wire::check_params(vector.bytes));
  pack::Reader params(vector.bytes);
  CHECK(conformance::to_json(params) == vector.source.at("fields").at("params"));
}

using Check = void (*)(const conformance::Vector&);
const std::map<std::string, Check> checks{
    {"hello", check_control_frame<wire::Hello>},
    {"events", check_control_frame<wire::EventsHeader>},
    {"beat", check_control_frame<wire::Beat>},
    {"bye", check_control_frame<wire::Bye>},
    {"welcome", check_control_frame<wire::Welcome>},
    {"interest", check_control_frame<wire::Interest>},
    {"ack", check_control_frame<wire::Ack>},
    {"reject", check_control_frame<wire::Reject>},
    {"who", check_who},
    {"unknown", check_unknown},
    {"stream", check_control_frame<wire::StreamHeader>},
    {"meta", check_control_frame<wire::EventMeta>},
    {"ready", check_control_frame<wire::Ready>},
    {"replay", check_control_frame<wire::ReplayRequest>},
    {"stored", check_control_frame<wire::StoredHead>},
    {"end", check_control_frame<wire::ReplayEnd>},
    {"control", check_control_frame<wire::ControlRequest>},
    {"answer", check_control_frame<wire::ControlAnswer>},
    {"body", check_whole_body},
    {"params", check_event_params},
};

}  // namespace

TEST_CASE("every good vector decodes to its fields, and canonical ones are what the codec writes") {
  std::set<std::string> kinds_seen;
  for (const conformance::Vector& vector : conformance::good_vectors()) {
    INFO("vector: " << vector.name);
    REQUIRE(checks.count(vector.kind) == 1);
    checks.at(vector.kind)(vector);
    kinds_seen.insert(vector.kind);
  }
  CHECK(kinds_seen.size() == checks.size());
}

TEST_CASE("the kind of every control frame is known from its field k") {
  const std::map<std::string, wire::Kind> kinds{
      {"hello", wire::Kind::hello},   {"events", wire::Kind::events},   {"beat", wire::Kind::beat},
      {"bye", wire::Kind::bye},       {"welcome", wire::Kind::welcome}, {"interest", wire::Kind::interest},
      {"ack", wire::Kind::ack},       {"reject", wire::Kind::reject},   {"who", wire::Kind::who},
      {"replay", wire::Kind::replay}, {"stored", wire::Kind::stored},   {"end", wire::Kind::end},
  };
  for (const conformance::Vector& vector : conformance::good_vectors()) {
    if (kinds.count(vector.kind) == 0) continue;
    INFO("vector: " << vector.name);
    wire::Kind kind{};
    CHECK(wire::decode_kind(vector.bytes, kind) == wire::DecodeError::none);
    CHECK(kind == kinds.at(vector.kind));
  }
}
