#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "control_client.hpp"
#include "process_name.hpp"
#include "zevi/subscriber/params.hpp"

/// What `zevi diagnose` finds in the broker's answers, apart from how it asks and shows.
namespace zevi::cli {

/// The answers to the questions of these names.
struct BrokerAccount {
  ControlRows stats;
  ControlRows topics;
  ControlRows publishers;
  ControlRows readers;
  ControlRows losses;
  ControlRows config;
};

/// One thing that is wrong. What does not apply is empty or 0.
struct Trouble {
  std::string kind;  ///< for programs: `reader_stopped`
  std::string name;  ///< of the program
  std::uint64_t pid = 0;
  Process process;
  std::string topic;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t for_ns = 0;  ///< since when, or how long ago the last time
  std::string text;          ///< a sentence: who, on which topic, by how much
  std::string remedy;        ///< a sentence that names the option
};

struct DiagnosisOptions {
  std::chrono::nanoseconds since{};  ///< what happened earlier is left out
  /// Of a process on the broker's machine; nothing of those elsewhere.
  std::function<Process(std::uint64_t pid)> process;
};

/// In this order: the store, readers, losses, publishers that ended.
[[nodiscard]] std::vector<Trouble> diagnose(const BrokerAccount& account, const DiagnosisOptions& options);

/// The account in one sentence: what publishers sent and what became of it, since the broker started.
[[nodiscard]] std::string ledger_text(const Params& stats);
void append_ledger_json(std::string& out, const Params& stats);

}  // namespace zevi::cli
