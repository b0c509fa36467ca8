#pragma once

#include <nlohmann/json.hpp>

#include "zevi/wire/broker_messages.hpp"
#include "zevi/wire/control_messages.hpp"
#include "zevi/wire/publisher_messages.hpp"
#include "zevi/wire/replay_messages.hpp"
#include "zevi/wire/subscriber_messages.hpp"

/// Decoded messages in the shape that they have on the wire, to compare with the fields of a vector.
namespace zevi::conformance {

[[nodiscard]] nlohmann::json to_fields(const wire::Hello& message);
[[nodiscard]] nlohmann::json to_fields(const wire::EventsHeader& message);
[[nodiscard]] nlohmann::json to_fields(const wire::Beat& message);
[[nodiscard]] nlohmann::json to_fields(const wire::Bye& message);
[[nodiscard]] nlohmann::json to_fields(const wire::Welcome& message);
[[nodiscard]] nlohmann::json to_fields(const wire::Interest& message);
[[nodiscard]] nlohmann::json to_fields(const wire::Ack& message);
[[nodiscard]] nlohmann::json to_fields(const wire::Reject& message);
[[nodiscard]] nlohmann::json to_fields(const wire::StreamHeader& message);
[[nodiscard]] nlohmann::json to_fields(const wire::EventMeta& message);
[[nodiscard]] nlohmann::json to_fields(const wire::Ready& message);
[[nodiscard]] nlohmann::json to_fields(const wire::ReplayRequest& message);
[[nodiscard]] nlohmann::json to_fields(const wire::StoredHead& message);
[[nodiscard]] nlohmann::json to_fields(const wire::ReplayEnd& message);
[[nodiscard]] nlohmann::json to_fields(const wire::ControlRequest& message);
[[nodiscard]] nlohmann::json to_fields(const wire::ControlAnswer& message);

/// One msgpack value as JSON: `bin` is `{"$hex": digits}`, a `bin` key `$hex:` and digits.
[[nodiscard]] nlohmann::json to_json(pack::Reader& reader);

}  // namespace zevi::conformance
