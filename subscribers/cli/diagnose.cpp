#include <exception>
#include <iostream>
#include <string>

#include "check_findings.hpp"
#include "control_client.hpp"
#include "control_options.hpp"
#include "diagnosis.hpp"
#include "no_broker.hpp"
#include "quantities.hpp"
#include "row.hpp"
#include "units.hpp"
#include "zevi/json.hpp"

namespace zevi::cli {

namespace {

namespace po = program::po;

constexpr program::About about{
    "zevi diagnose", "[OPTION]...",
    "Reads the broker's account out in plain words. Which reader is stopped or slow, who lost events of\n"
    "which topic, how many and why, which publisher died, whether the history is too short or the store\n"
    "fails, and what to do about each. Names the commands of processes on this machine.",
    "  zevi diagnose\n"
    "  zevi diagnose --since 5m\n"
    "  zevi diagnose --output json | jq -r '.findings[].kind'",
    "0 nothing is wrong, 1 something is, 2 no broker answers, 3 unknown (a wrong command line,\n"
    "or an answer that is none)."};

constexpr std::chrono::hours since_default{1};

struct DiagnoseOptions {
  ControlOptions control;
  std::chrono::nanoseconds since{};
};

BrokerAccount ask_all(ControlClient& broker) {
  BrokerAccount account;
  account.topics = broker.ask("topics");
  account.publishers = broker.ask("publishers");
  account.readers = broker.ask("readers");
  account.losses = broker.ask("losses");
  account.config = broker.ask("config");
  // Last, so that nothing in the others is later than its clock.
  account.stats = broker.ask_stats();
  return account;
}

std::string well_text(const Params& stats, std::chrono::nanoseconds since) {
  return "Nothing is wrong in the last " + duration_text(since) + ": " +
         std::to_string(uint_of(stats, "publishers_live")) + " publishers up, " +
         std::to_string(uint_of(stats, "subscriptions_stream") + uint_of(stats, "subscriptions_events") +
                        uint_of(stats, "subscriptions_routes")) +
         " subscriptions; since the start " + ledger_text(stats) + ".\n";
}

void append_text(std::string& out, const std::vector<Trouble>& found, const Params& stats,
                 std::chrono::nanoseconds since) {
  if (found.empty()) {
    out += well_text(stats, since);
    return;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    out += std::to_string(i + 1) + ". " + found[i].text + "\n   -> " + found[i].remedy + "\n";
  }
  out += "Since the start " + ledger_text(stats) + ".\n";
}

void append_json(std::string& out, const std::vector<Trouble>& found, const Params& stats) {
  out += R"({"code":)" + std::to_string(found.empty() ? 0 : 1) + R"(,"findings":[)";
  for (const Trouble& trouble : found) {
    if (&trouble != &found.front()) out += ',';
    const auto text = [&out](const char* key, const std::string& value) {
      out.append("\"").append(key).append("\":");
      append_json_string(out, value);
      out += ',';
    };
    out += '{';
    text("kind", trouble.kind);
    text("name", trouble.name);
    text("command", trouble.process.command);
    text("topic", trouble.topic);
    text("text", trouble.text);
    text("remedy", trouble.remedy);
    out += R"("pid":)" + std::to_string(trouble.pid) + R"(,"events":)" + std::to_string(trouble.events) +
           R"(,"bytes":)" + std::to_string(trouble.bytes) + R"(,"for_ns":)" + std::to_string(trouble.for_ns) +
           '}';
  }
  out += R"(],"ledger":)";
  append_ledger_json(out, stats);
  out += "}\n";
}

CheckState diagnose_broker(const DiagnoseOptions& options) {
  CheckState state = CheckState::ok;
  try {
    ControlClient broker(options.control);
    const bool is_local = broker.endpoint().starts_with("ipc://");
    const DiagnosisOptions how{
        options.since, [is_local](std::uint64_t pid) { return is_local ? process_of(pid) : Process(); }};
    show_as_asked(options.control, [&] {
      const BrokerAccount account = ask_all(broker);
      const Params stats(account.stats.rows.front());
      const std::vector<Trouble> found = diagnose(account, how);
      state = found.empty() ? CheckState::ok : CheckState::warning;
      std::string out;
      options.control.as_json ? append_json(out, found, stats)
                              : append_text(out, found, stats, options.since);
      std::cout << out;
    });
  } catch (const NoBroker& error) {
    std::cerr << "zevi diagnose: error: " << error.what() << "\n";
    return CheckState::critical;
  } catch (const std::exception& error) {
    std::cerr << "zevi diagnose: error: " << error.what() << "\n";
    return CheckState::unknown;
  }
  return state;
}

int run(int argc, const char* const* argv) {
  program::OptionTable table;
  table.visible.add_options()(
      "since,s", po::value<program::Duration>()->default_value({since_default})->value_name("DURATION"),
      "leave out losses and deaths of longer ago");
  add_output_options(table);
  add_connection_options(table);
  po::variables_map values;
  if (!program::parse(about, table, argc, argv, values)) return program::exit_ok;
  DiagnoseOptions options;
  options.control = control_options(values);
  options.since = values["since"].as<program::Duration>().value;
  return static_cast<int>(diagnose_broker(options));
}

}  // namespace

}  // namespace zevi::cli

int main(int argc, char** argv) {
  return zevi::program::run(
      "zevi diagnose", [&] { return zevi::cli::run(argc, argv); }, zevi::cli::wrong_command_line);
}
