#pragma once

#include "log.hpp"
#include "program.hpp"
#include "zevi/broker.hpp"

/// The options of `zevid`, which are those of the broker, and what it makes of them.
namespace zevi::broker {

[[nodiscard]] program::OptionTable option_table();

/// What was chosen on the command line and in the file. `log` outlives the options. Throws
/// `program::UsageError` that names the option. What a broker would refuse is for `Broker::check` to say.
[[nodiscard]] BrokerOptions broker_options(const program::po::variables_map& values, const program::Log& log);

/// Throws `program::UsageError`.
[[nodiscard]] program::Log::Level log_level(const program::po::variables_map& values);

}  // namespace zevi::broker
