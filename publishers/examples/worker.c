/*
 * A program of several worker processes that publish events, through zevi/publisher.h alone:
 *
 *   example-worker [-w WORKERS] [-n JOBS] [-p PAUSE_MS]
 *
 * Each worker pretends to handle JOBS jobs (0: until it is told to stop) with a pause behind each, publishes
 * events of the kinds that OpenSIPS raises, and ends cleanly at SIGTERM or Ctrl-C.
 */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zevi/publisher.h>

enum { workers_max = 256 };

struct options {
  int workers;
  long jobs;
  long pause_ms;
};

struct topics {
  zevi_topic* log;
  zevi_topic* profiling;
  zevi_topic* memory;
};

static volatile sig_atomic_t stop_asked;

static void on_stop(int number) {
  (void)number;
  stop_asked = 1;
}

/* Putting a parameter does nothing when begin found that the event will not be kept. The library counts what
 * became of it, so that a worker has nothing to do about that. */
static void publish_log(zevi_topic* topic, const char* level, const char* message) {
  const time_t now = time(NULL);
  struct tm local;
  char text[16] = "";
  zevi_event event;

  if (!zevi_enabled(topic)) return; /* only to save the work of writing down the time */
  if (localtime_r(&now, &local) != NULL) strftime(text, sizeof text, "%b %e %H:%M:%S", &local);
  zevi_event_begin(topic, 0, &event);
  zevi_put_string(&event, "time", text, ZEVI_NUL_TERMINATED);
  zevi_put_int(&event, "pid", getpid());
  zevi_put_string(&event, "level", level, ZEVI_NUL_TERMINATED);
  zevi_put_string(&event, "message", message, ZEVI_NUL_TERMINATED);
  zevi_event_commit(&event);
}

static void publish_step(zevi_topic* topic, const char* verb, int depth, int line) {
  struct timespec now;
  zevi_event event;

  clock_gettime(CLOCK_REALTIME, &now);
  zevi_event_begin(topic, 0, &event);
  zevi_put_int(&event, "sec", now.tv_sec);
  zevi_put_int(&event, "usec", now.tv_nsec / 1000);
  zevi_put_int(&event, "session", getpid());
  zevi_put_string(&event, "verb", verb, ZEVI_NUL_TERMINATED);
  zevi_put_string(&event, "name", "example job", ZEVI_NUL_TERMINATED);
  zevi_put_int(&event, "type", 4);
  zevi_put_int(&event, "depth", depth);
  zevi_put_string(&event, "file", "handle_job", ZEVI_NUL_TERMINATED);
  zevi_put_int(&event, "line", line);
  /* A parameter that a step does not have is left out. */
  if (strcmp(verb, "exit") == 0) zevi_put_int(&event, "status", 0);
  zevi_event_commit(&event);
}

static void publish_memory(zevi_topic* topic, int usage) {
  const int size = 8 * 1024 * 1024;
  zevi_event event;

  zevi_event_begin(topic, 0, &event);
  zevi_put_int(&event, "usage", usage);
  zevi_put_int(&event, "threshold", 90);
  zevi_put_int(&event, "used", size / 100 * usage);
  zevi_put_int(&event, "size", size);
  zevi_put_int(&event, "pid", getpid());
  zevi_event_commit(&event);
}

static void handle_job(const struct topics* topics, long number) {
  char message[64];

  publish_step(topics->profiling, "enter", 1, __LINE__);
  snprintf(message, sizeof message, "job %ld is done", number);
  publish_log(topics->log, "INFO", message);
  if (number % 10 == 1) publish_memory(topics->memory, 90 + (int)(number / 10 % 10));
  publish_step(topics->profiling, "exit", 0, __LINE__);
}

/* What the parent opened before the fork is used as it is: at its first publish a child gets a connection and
 * a thread of its own, and what it flushes and closes are its own events. */
static int run_worker(const struct options* options, zevi_publisher* publisher, const struct topics* topics) {
  const struct timespec pause = {options->pause_ms / 1000, options->pause_ms % 1000 * 1000000};
  zevi_statistics counts = {.size = sizeof counts};
  zevi_status status;

  for (long number = 1; !stop_asked && (options->jobs == 0 || number <= options->jobs); ++number) {
    handle_job(topics, number);
    if (options->pause_ms > 0) nanosleep(&pause, NULL);
  }
  status = zevi_publisher_flush(publisher, 1000000000, NULL);
  if (status != ZEVI_OK) {
    fprintf(stderr, "example-worker: warning: worker %ld: %s\n", (long)getpid(), zevi_status_text(status));
  }
  zevi_publisher_statistics(publisher, &counts);
  printf("worker %ld: %llu published, %llu acknowledged, %llu dropped, %llu that nobody wanted\n",
         (long)getpid(), (unsigned long long)counts.published, (unsigned long long)counts.acknowledged,
         (unsigned long long)counts.dropped, (unsigned long long)counts.suppressed);
  zevi_publisher_close(publisher);
  return status == ZEVI_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Returns the number of workers that were started. Only the parent returns from here. */
static int fork_workers(const struct options* options, zevi_publisher* publisher, const struct topics* topics,
                        const sigset_t* worker_signals, pid_t* workers) {
  int count = 0;

  for (; count < options->workers; ++count) {
    workers[count] = fork();
    if (workers[count] < 0) {
      perror("example-worker: error: fork");
      break;
    }
    if (workers[count] == 0) {
      sigprocmask(SIG_SETMASK, worker_signals, NULL);
      exit(run_worker(options, publisher, topics));
    }
  }
  return count;
}

/* Waits for the workers, and passes SIGTERM and Ctrl-C on to them. */
static int wait_for_workers(pid_t* workers, int count, const sigset_t* awaited) {
  int exit_code = EXIT_SUCCESS;
  int left = count;

  while (left > 0) {
    int number = 0;
    sigwait(awaited, &number);
    for (int i = 0; i < count; ++i) {
      int ended = 0;
      if (workers[i] == 0) continue;
      if (number != SIGCHLD) kill(workers[i], SIGTERM);
      if (waitpid(workers[i], &ended, WNOHANG) != workers[i]) continue;
      if (!WIFEXITED(ended) || WEXITSTATUS(ended) != EXIT_SUCCESS) exit_code = EXIT_FAILURE;
      workers[i] = 0;
      --left;
    }
  }
  return exit_code;
}

static long number_of(char option, const char* text, long largest) {
  char* end = NULL;
  const long number = strtol(text, &end, 10);

  if (end == text || *end != '\0' || number < 0 || number > largest) {
    fprintf(stderr, "example-worker: error: -%c takes 0 to %ld, not '%s'\n", option, largest, text);
    exit(2);
  }
  return number;
}

static struct options read_options(int argc, char** argv) {
  struct options options = {.workers = 4, .jobs = 0, .pause_ms = 100};

  for (int option; (option = getopt(argc, argv, "w:n:p:")) != -1;) {
    if (option == 'w') {
      options.workers = (int)number_of('w', optarg, workers_max);
    } else if (option == 'n') {
      options.jobs = number_of('n', optarg, 1000000000);
    } else if (option == 'p') {
      options.pause_ms = number_of('p', optarg, 60000);
    } else {
      fputs("Usage: example-worker [-w WORKERS] [-n JOBS] [-p PAUSE_MS]\n", stderr);
      exit(2);
    }
  }
  return options;
}

static zevi_topic* open_topic(zevi_publisher* publisher, const char* name) {
  zevi_topic* topic = NULL;
  const zevi_status status = zevi_topic_open(publisher, name, ZEVI_NUL_TERMINATED, &topic);

  if (status != ZEVI_OK) {
    fprintf(stderr, "example-worker: error: topic %s: %s\n", name, zevi_status_text(status));
    exit(EXIT_FAILURE);
  }
  return topic;
}

int main(int argc, char** argv) {
  const struct options options = read_options(argc, argv);
  const struct sigaction action = {.sa_handler = on_stop};
  zevi_publisher_options publisher_options;
  zevi_publisher* publisher = NULL;
  char error[256];
  struct topics topics;
  sigset_t awaited;
  sigset_t before;
  pid_t workers[workers_max];
  int count;
  int exit_code;

  zevi_publisher_options_init(&publisher_options);
  publisher_options.name = "example-worker";
  /* This succeeds without a broker, too: connecting goes on in the background. */
  if (zevi_publisher_open(&publisher_options, &publisher, error, sizeof error) != ZEVI_OK) {
    fprintf(stderr, "example-worker: error: %s\n", error);
    return EXIT_FAILURE;
  }
  topics.log = open_topic(publisher, "E_CORE_LOG");
  topics.profiling = open_topic(publisher, "E_PROFILING_PROC");
  topics.memory = open_topic(publisher, "E_CORE_PKG_THRESHOLD");

  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGTERM);
  sigaddset(&awaited, SIGINT);
  sigaddset(&awaited, SIGCHLD);
  sigprocmask(SIG_BLOCK, &awaited, &before);

  count = fork_workers(&options, publisher, &topics, &before, workers);
  exit_code = wait_for_workers(workers, count, &awaited);
  zevi_publisher_close(publisher);
  return count == options.workers ? exit_code : EXIT_FAILURE;
}
