#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <utility>

#include "config/zevid_options.hpp"
#include "config_file.hpp"
#include "log.hpp"
#include "metrics/broker_metrics.hpp"
#include "metrics_server.hpp"
#include "program.hpp"
#include "runtime/accept_guard.hpp"
#include "runtime/service_status.hpp"
#include "service_manager.hpp"
#include "stop_signals.hpp"
#include "store/maintenance.hpp"
#include "zevi/broker.hpp"

namespace {

namespace po = zevi::program::po;
using namespace std::chrono_literals;

constexpr zevi::program::About about{
    "zevid",
    "[OPTION]...",
    "Zevi's event broker: takes events from the publishers of this machine and passes them on to\n"
    "whoever subscribes to their topics. Runs in the foreground until SIGTERM or Ctrl-C, then\n"
    "delivers what it has taken in and exits 0.",
    "  zevid --runtime-dir /run/zevi\n"
    "  zevid --config /etc/zevi/zevid.conf\n"
    "  zevid --runtime-dir /tmp/zevi --events tcp://127.0.0.1:5556",
    "0 after SIGTERM or Ctrl-C; 1 for a failure, 2 for a wrong command line, 78 for a wrong\n"
    "configuration file.",
    8,
    "/etc/zevi/zevid.conf"};

/// libzmq aborts when it cannot accept for want of a descriptor, so take as many as the system lets us have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Keeps out those whom the mode of the sockets keeps out before it is set, and others from the store.
mode_t umask_for(unsigned socket_mode) {
  return (socket_mode & 0060U) != 0 ? 0007 : 0077;
}

/// The broker between its start and its end: signals, and what the service manager is told.
class Service {
 public:
  Service(zevi::Broker& broker, zevi::program::StopSignals& signals, zevi::program::Log& log, int argc,
          char** argv)
      : broker_(broker), signals_(signals), log_(log), argc_(argc), argv_(argv) {}

  /// Returns when a signal ends it. Throws `zevi::Error` if the broker has ended by itself.
  void run() {
    manager_.tell("READY=1");
    pollfd wait{signals_.fd(), POLLIN, 0};
    for (int signal = 0; signal == 0 || signal == SIGHUP; signal = signals_.take()) {
      if (signal == SIGHUP) reload();
      if (!broker_.is_running()) throw zevi::Error("the broker has ended; the log says why");
      tell_how_it_is();
      poll(&wait, 1, static_cast<int>(look_every_.count()));
    }
    manager_.tell("STOPPING=1");
  }

 private:
  /// Reads the command line and the files again. What is wrong there is told, and changes nothing.
  void reload() {
    manager_.tell_reloading();
    try {
      zevi::program::OptionTable table = zevi::broker::option_table();
      po::variables_map values;
      static_cast<void>(zevi::program::parse(about, table, argc_, argv_, values));
      const auto level = zevi::broker::log_level(values);
      std::string text = "reloaded";
      for (const std::string& name : broker_.reload(zevi::broker::broker_options(values, log_))) {
        text.append(text == "reloaded" ? "; a new start is needed for " : ", ").append(name);
      }
      log_.info(text);
      log_.show(level);
    } catch (const zevi::Error& error) {
      log_.error(std::string("not reloaded: ") + error.what());
    }
    manager_.tell("READY=1");
  }

  /// The watchdog is told only if the broker's own thread has gone on, so that one that is stuck is ended.
  void tell_how_it_is() {
    const std::uint64_t rounds = broker_.rounds();
    if (rounds == std::exchange(rounds_, rounds)) return;
    if (manager_.watchdog_interval()) manager_.tell("WATCHDOG=1");
    if (!manager_.is_there()) return;
    const auto status = status_.next(broker_.statistics(), std::chrono::steady_clock::now());
    if (status) manager_.tell("STATUS=" + *status);
  }

  zevi::Broker& broker_;
  zevi::program::StopSignals& signals_;
  zevi::program::Log& log_;
  const int argc_;
  char** const argv_;
  const zevi::program::ServiceManager manager_;
  /// At least every second, to see whether the broker is still there.
  const std::chrono::milliseconds look_every_ = std::chrono::floor<std::chrono::milliseconds>(
      std::min<std::chrono::microseconds>(manager_.watchdog_interval().value_or(1s), 1s));
  std::uint64_t rounds_ = 0;
  zevi::broker::ServiceStatus status_;
};

std::string routes_of(const zevi::Broker& broker) {
  std::string text;
  for (const std::string& endpoint : broker.routes()) text += ", route " + endpoint;
  return text;
}

std::string summary(const zevi::Broker& broker) {
  std::string text = "stopped:";
  for (const zevi::CounterValue& counter : broker.statistics()) {
    if (counter.value == 0) continue;
    text.append(" ").append(counter.name).append("=").append(std::to_string(counter.value));
  }
  return text;
}

int tell(const zevi::broker::StoreReport& report) {
  std::cout << report.text;
  return report.is_sound ? zevi::program::exit_ok : zevi::program::exit_failure;
}

/// Throws `ConfigError` if a broker would not start with that file alone.
int check_config(const std::string& path, const zevi::program::OptionTable& table,
                 const zevi::program::Log& log) {
  po::variables_map values;
  zevi::program::read_config_file(path, table, values);
  try {
    zevi::Broker::check(zevi::broker::broker_options(values, log));
  } catch (const zevi::program::ConfigError&) {
    throw;
  } catch (const zevi::Error& error) {
    throw zevi::program::ConfigError(path + ": " + error.what());
  }
  std::cout << path << ": ok\n";
  return zevi::program::exit_ok;
}

int serve(int argc, char** argv) {
  zevi::program::OptionTable table = zevi::broker::option_table();
  po::variables_map values;
  if (!zevi::program::parse(about, table, argc, argv, values)) return zevi::program::exit_ok;

  zevi::program::Log log("zevid");
  log.show(zevi::broker::log_level(values));
  if (values.count("check-config") > 0) {
    return check_config(values["check-config"].as<std::string>(), table, log);
  }
  if (values.count("print-config") > 0) {
    zevi::Broker::check(zevi::broker::broker_options(values, log));
    zevi::program::print_config(table, values, std::cout);
    return zevi::program::exit_ok;
  }
  if (values.count("check-store") > 0) {
    return tell(zevi::broker::check_store_directory(values["check-store"].as<std::string>()));
  }
  if (values.count("repair-store") > 0) {
    return tell(zevi::broker::repair_store_directory(values["repair-store"].as<std::string>()));
  }
  // Without a file to read again, the end of a terminal is the end of the broker.
  zevi::BrokerOptions options = zevi::broker::broker_options(values, log);
  options.connections_refused = zevi::broker::connections_refused;
  const bool can_reload = values.count("config") > 0 || !options.access.empty();
  using Hangup = zevi::program::StopSignals::Hangup;
  zevi::program::StopSignals signals(can_reload ? Hangup::is_taken : Hangup::acts_as_usual);
  raise_descriptor_limit();
  umask(umask_for(options.socket_mode));
  zevi::Broker broker(options);
  broker.start();
  log.info("ready: ingress " + broker.ingress() + ", stream " + broker.stream() + ", events " +
           broker.events() + ", replay " + broker.replay() + ", control " + broker.control() +
           routes_of(broker));
  const zevi::program::MetricsServer metrics(values["metrics"].as<std::string>(),
                                             [&broker] { return zevi::broker::broker_metrics(broker); });
  Service(broker, signals, log, argc, argv).run();
  log.info("stopping");
  broker.stop();
  log.info(summary(broker));
  return zevi::program::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("zevid", [&] { return serve(argc, argv); });
}
