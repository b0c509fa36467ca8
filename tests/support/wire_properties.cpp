#include "wire_properties.hpp"

#include <memory>
#include <string>

#include "plain_body_check.hpp"
#include "zevi/limits.hpp"
#include "zevi/utf8.hpp"
#include "zevi/wire/body.hpp"
#include "zevi/wire/broker_messages.hpp"
#include "zevi/wire/control_messages.hpp"
#include "zevi/wire/publisher_messages.hpp"
#include "zevi/wire/replay_messages.hpp"
#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::test {

namespace {

class ExactCopy {
 public:
  explicit ExactCopy(std::string_view bytes) : bytes_(new char[bytes.size()]), size_(bytes.size()) {
    bytes.copy(bytes_.get(), bytes.size());
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

template <typename Message>
const char* broken_by(std::string_view frame) {
  Message message;
  if (wire::decode(frame, message) != wire::DecodeError::none) return nullptr;
  std::string once;
  wire::encode(message, once);
  // What the frame left out is written out, which may take it past the limit of its kind.
  if (once.size() > limits::control_frame_bytes_max) return nullptr;
  Message again;
  if (wire::decode(once, again) != wire::DecodeError::none) return "an encoded message does not decode";
  std::string twice;
  wire::encode(again, twice);
  return once == twice ? nullptr : "a message changes when it is encoded and decoded";
}

bool are_same(const wire::BodyCheck& a, const wire::BodyCheck& b) {
  return a.error == b.error && a.offset == b.offset;
}

const char* broken_by_entries(std::string_view body, std::uint32_t n,
                              const std::vector<wire::EntryPlace>& places) {
  if (places.size() != n) return "not every entry has a place";
  wire::BodyReader reader(body);
  wire::Entry entry;
  std::uint32_t entries = 0;
  std::size_t bytes = wire::body_head_bytes;
  while (reader.next(entry)) {
    const wire::EntryPlace& place = places[entries++];
    bytes += entry.whole.size();
    const std::string_view params = place.params(body);
    if (params.data() != entry.params.data() || params.size() != entry.params.size())
      return "an entry has another place than the reader finds";
    if (place.time_ns != entry.time_ns) return "an entry has another time than the reader finds";
    if (!entry.whole.ends_with(entry.params)) return "an entry does not end with its parameters";
    if (!wire::check_params(entry.params)) return "an entry of a good body is refused alone";
  }
  if (reader.failed()) return "the reader fails on a good body";
  if (entries != n) return "a good body holds another number of entries";
  return bytes == body.size() ? nullptr : "the entries are not the whole body";
}

}  // namespace

const char* broken_by_frame(std::string_view bytes) {
  const ExactCopy copy(bytes);
  const std::string_view frame = copy.view();
  wire::Kind kind{};
  static_cast<void>(wire::decode_kind(frame, kind));
  wire::ReplayRequest request;
  const bool is_question = wire::decode(frame, request) == wire::DecodeError::none;
  if (is_question && wire::question_number(frame) != request.i) return "a question has another number";
  for (const auto question :
       {broken_by<wire::Hello>, broken_by<wire::EventsHeader>, broken_by<wire::Beat>, broken_by<wire::Bye>,
        broken_by<wire::Welcome>, broken_by<wire::Interest>, broken_by<wire::Ack>, broken_by<wire::Reject>,
        broken_by<wire::StreamHeader>, broken_by<wire::EventMeta>, broken_by<wire::Ready>,
        broken_by<wire::ReplayRequest>, broken_by<wire::StoredHead>, broken_by<wire::ReplayEnd>,
        broken_by<wire::ControlRequest>, broken_by<wire::ControlAnswer>}) {
    if (const char* const broken = question(frame); broken != nullptr) return broken;
  }
  return nullptr;
}

const char* broken_by_stream_header(std::string_view bytes) {
  return broken_by<wire::StreamHeader>(ExactCopy(bytes).view());
}

const char* broken_by_body(std::string_view bytes, std::uint32_t n) {
  const ExactCopy copy(bytes);
  const std::string_view body = copy.view();
  const wire::BodyCheck check = wire::check_body(body, n);
  if (!are_same(check, plain_check_body(body, n))) return "the plain check judges otherwise";
  if (!are_same(wire::check_params(body), plain_check_params(body)))
    return "the plain check judges otherwise of parameters";
  std::vector<wire::EntryPlace> places(1);
  if (!are_same(check, wire::check_body(body, n, places))) return "the check with places judges otherwise";
  if (check) return broken_by_entries(body, n, places);
  if (!places.empty()) return "a refused body has places";
  if (check.offset > body.size()) return "the fault is placed behind the end";
  wire::BodyReader reader(body);
  wire::Entry entry;
  while (reader.next(entry)) {
    if (entry.params.data() + entry.params.size() > body.data() + body.size())
      return "an entry ends behind the body";
  }
  return nullptr;
}

}  // namespace zevi::test
