/*
 * Forks workers that publish from several threads and fork all the while, and prints what its processes
 * counted, all together, as one JSON object:
 *
 *   fork_storm [-w WORKERS] [-t THREADS] [-n EVENTS] [-r ROUNDS] [-d EVENTS]
 *
 * Each thread of a worker publishes -n events. Meanwhile the worker forks, -r times, a child that publishes
 * nothing and leaves, and one that publishes -d events and, in their midst, forks a child that publishes -d
 * events too. The program itself publishes -d events before it forks workers and -d afterwards.
 *
 * An event tells `who` published it (0 the program, 1 the first worker, 1.1 its first child, 1.1.1 the child
 * of that), from which `thread`, and its `number` there.
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zevi/publisher.h"

enum { threads_max = 16, workers_max = 64, who_bytes = 32 };

static const uint64_t long_enough_ns = UINT64_C(600) * 1000 * 1000 * 1000;

struct load {
  int workers;
  int threads;
  int events;
  int rounds;
  int descendant_events;
};

/* Shared by all processes. */
struct totals {
  atomic_ullong processes;
  atomic_ullong published;
  atomic_ullong sent;
  atomic_ullong acknowledged;
  atomic_ullong invalid;
  atomic_ullong resent;
  atomic_ullong dropped;
  atomic_ullong suppressed;
  atomic_ullong forked;
  atomic_ullong failures; /* calls that failed, and processes that did not end well */
};

static struct load load = {.workers = 8, .threads = 2, .events = 1000, .rounds = 4, .descendant_events = 100};
static struct totals* totals;
static zevi_publisher* publisher;
static zevi_topic* topic;

static void check(int good, const char* what) {
  if (good) return;
  fprintf(stderr, "fork_storm: %s\n", what);
  atomic_fetch_add(&totals->failures, 1);
}

static void check_status(zevi_status status, const char* what) {
  if (status == ZEVI_OK) return;
  fprintf(stderr, "fork_storm: %s: %s\n", what, zevi_status_text(status));
  atomic_fetch_add(&totals->failures, 1);
}

static void publish(const char* who, int thread, int first, int count) {
  for (int number = first; number < first + count; ++number) {
    zevi_event event;
    zevi_event_begin(topic, 0, &event);
    zevi_put_string(&event, "who", who, ZEVI_NUL_TERMINATED);
    zevi_put_int(&event, "thread", thread);
    zevi_put_int(&event, "number", number);
    check_status(zevi_event_commit(&event), "commit");
  }
}

/* The end of every process that publishes. */
static void flush_count_and_close(void) {
  zevi_statistics counts = {.size = sizeof counts};
  check_status(zevi_publisher_flush(publisher, long_enough_ns, NULL), "flush");
  check_status(zevi_publisher_statistics(publisher, &counts), "statistics");
  check_status(zevi_publisher_close(publisher), "close");
  atomic_fetch_add(&totals->processes, 1);
  atomic_fetch_add(&totals->published, counts.published);
  atomic_fetch_add(&totals->sent, counts.sent);
  atomic_fetch_add(&totals->acknowledged, counts.acknowledged);
  atomic_fetch_add(&totals->invalid, counts.invalid);
  atomic_fetch_add(&totals->resent, counts.resent);
  atomic_fetch_add(&totals->dropped, counts.dropped);
  atomic_fetch_add(&totals->suppressed, counts.suppressed);
  atomic_fetch_add(&totals->forked, counts.forked);
}

/* Forks a process that calls `run(who)` and leaves by _exit. */
static pid_t start(void (*run)(const char* who), const char* who) {
  const pid_t pid = fork();
  if (pid == 0) {
    run(who);
    _exit(0);
  }
  check(pid > 0, "fork");
  return pid;
}

static void wait_for(pid_t pid) {
  int ended = 0;
  if (pid > 0) check(waitpid(pid, &ended, 0) == pid && ended == 0, "a process did not end well");
}

static void run_nothing(const char* who) {
  (void)who;
}

static void run_grandchild(const char* who) {
  publish(who, 0, 1, load.descendant_events);
  flush_count_and_close();
}

static void run_child(const char* who) {
  const int half = load.descendant_events / 2;
  char whose[who_bytes];
  pid_t grandchild;
  publish(who, 0, 1, half);
  snprintf(whose, sizeof whose, "%.20s.1", who);
  grandchild = start(run_grandchild, whose);
  publish(who, 0, half + 1, load.descendant_events - half);
  flush_count_and_close();
  wait_for(grandchild);
}

struct thread_start {
  const char* who;
  int thread;
};

static void* run_thread(void* argument) {
  const struct thread_start* begin = argument;
  publish(begin->who, begin->thread, 1, load.events);
  return NULL;
}

static void run_worker(const char* who) {
  pthread_t threads[threads_max];
  struct thread_start starts[threads_max];
  for (int i = 0; i < load.threads; ++i) {
    starts[i] = (struct thread_start){who, i};
    check(pthread_create(&threads[i], NULL, run_thread, &starts[i]) == 0, "pthread_create");
  }
  for (int round = 1; round <= load.rounds; ++round) {
    char whose[who_bytes];
    pid_t idle;
    pid_t child;
    snprintf(whose, sizeof whose, "%.10s.%d", who, round);
    idle = start(run_nothing, whose);
    child = start(run_child, whose);
    wait_for(idle);
    wait_for(child);
  }
  for (int i = 0; i < load.threads; ++i) pthread_join(threads[i], NULL);
  flush_count_and_close();
}

static void open_publisher(void) {
  zevi_publisher_options options;
  char error[256];
  zevi_publisher_options_init(&options);
  options.full_policy = ZEVI_WAIT;
  options.wait_max_ns = long_enough_ns;
  if (zevi_publisher_open(&options, &publisher, error, sizeof error) != ZEVI_OK) {
    fprintf(stderr, "fork_storm: %s\n", error);
    exit(1);
  }
  check_status(zevi_topic_open(publisher, "E_FORK_STORM", ZEVI_NUL_TERMINATED, &topic), "topic");
}

static void run_storm(void) {
  pid_t workers[workers_max];
  publish("0", 0, 1, load.descendant_events);
  for (int i = 0; i < load.workers; ++i) {
    char who[who_bytes];
    snprintf(who, sizeof who, "%d", i + 1);
    workers[i] = start(run_worker, who);
  }
  publish("0", 0, load.descendant_events + 1, load.descendant_events);
  for (int i = 0; i < load.workers; ++i) wait_for(workers[i]);
  flush_count_and_close();
}

static void print_totals(void) {
  const struct {
    const char* name;
    unsigned long long count;
  } counts[] = {
      {"processes", atomic_load(&totals->processes)}, {"published", atomic_load(&totals->published)},
      {"sent", atomic_load(&totals->sent)},           {"acknowledged", atomic_load(&totals->acknowledged)},
      {"invalid", atomic_load(&totals->invalid)},     {"resent", atomic_load(&totals->resent)},
      {"dropped", atomic_load(&totals->dropped)},     {"suppressed", atomic_load(&totals->suppressed)},
      {"forked", atomic_load(&totals->forked)},       {"failures", atomic_load(&totals->failures)},
  };
  for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i) {
    printf("%s\"%s\": %llu", i == 0 ? "{" : ", ", counts[i].name, counts[i].count);
  }
  puts("}");
}

int main(int argc, char** argv) {
  for (int option; (option = getopt(argc, argv, "w:t:n:r:d:")) != -1;) {
    const int number = optarg == NULL ? 0 : atoi(optarg);
    if (option == 'w' && number <= workers_max) {
      load.workers = number;
    } else if (option == 't' && number <= threads_max) {
      load.threads = number;
    } else if (option == 'n') {
      load.events = number;
    } else if (option == 'r') {
      load.rounds = number;
    } else if (option == 'd') {
      load.descendant_events = number;
    } else {
      return 2;
    }
  }
  totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (totals == MAP_FAILED) return 1;
  open_publisher();
  run_storm();
  print_totals();
  return atomic_load(&totals->failures) == 0 ? 0 : 1;
}
