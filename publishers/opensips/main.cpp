#include "log.hpp"
#include "options.hpp"
#include "program.hpp"
#include "stop_signals.hpp"

int main(int argc, char** argv) {
  return zevi::program::run("zevi ingest", [&] {
    zevi::ingest::IngestOptions options;
    if (!zevi::ingest::read_options(argc, argv, options)) return static_cast<int>(zevi::program::exit_ok);
    const zevi::program::Log log("zevi ingest");
    zevi::program::StopSignals signals;
    zevi::ingest::Ingest ingest(options, log);
    ingest.run(signals);
    return static_cast<int>(zevi::program::exit_ok);
  });
}
