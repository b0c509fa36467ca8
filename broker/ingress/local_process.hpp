#pragma once

#include <string>

#include "topics/topic.hpp"

namespace zevi::broker {

/// The name of this machine, as publishers say it in `hello`.
[[nodiscard]] std::string host_name();

/// Whether a publisher of this machine has no process any more. A silence of more than a second is what makes
/// one ask, since the pid is the publisher's own word: in a container it may name another process, or none.
[[nodiscard]] bool process_is_gone(const PublisherName& publisher, const std::string& this_host) noexcept;

}  // namespace zevi::broker
