/*
 * A storm of processes that begin and end at full speed, in every way there is: fork, vfork, threads that fork, CLONE_PARENT,
 * first threads that end before their process. No headers exist where this is compiled; what shares memory makes system
 * calls and nothing else.
 *
 *     storm (outside the job) -> prime -> workers -> everything else
 */
typedef unsigned long u64;

extern int fork(void);
extern int vfork(void);
extern int clone(int (*run)(void *), void *stack, int flags, void *argument, ...);
extern long syscall(long number, ...);
extern int waitpid(int pid, int *status, int options);
extern int kill(int pid, int signal);
extern long read(int fd, void *bytes, u64 length);
extern long write(int fd, const void *bytes, u64 length);
extern void *mmap(void *address, u64 length, int protection, int flags, int fd, long offset);
extern void *signal(int number, void *handler);
extern int sprintf(char *text, const char *format, ...);
extern u64 strlen(const char *text);

#ifdef __aarch64__
enum { NR_exit = 93, NR_exit_group = 94, NR_getpid = 172, NR_nanosleep = 101 };
#else
enum { NR_exit = 60, NR_exit_group = 231, NR_getpid = 39, NR_nanosleep = 35 };
#endif

enum {
  CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400, CLONE_SIGHAND = 0x800, CLONE_VFORK = 0x4000,
  CLONE_PARENT = 0x8000, CLONE_THREAD = 0x10000, CLONE_SYSVSEM = 0x40000,
  CHILD = 17, WALL = 0x40000000, STACK = 65536, WORKERS = 4,
  AS_THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM
};

static char *new_stack(void) {
  return (char *)mmap(0, STACK, 3, 0x22, -1, 0) + STACK;
}

static void leave(int status) {
  for (;;) syscall(NR_exit_group, status);
}

static void leave_thread(int status) {
  for (;;) syscall(NR_exit, status);
}

static void rest(long microseconds) {
  long time[2];
  time[0] = 0;
  time[1] = microseconds * 1000;
  syscall(NR_nanosleep, time, 0);
}

static void sleep_for_ever(void) {
  for (;;) rest(900000);
}

static void say(const char *word, long number) {
  char line[64];
  sprintf(line, "%s %ld\n", word, number);
  write(1, line, strlen(line));
}

/* Ends the whole process: nothing is right any more. */
static void check(int is_so, const char *what, long number) {
  if (is_so) return;
  say(what, number);
  leave(99);
}

struct life {
  char *stack;
  int status;
  int forks;
};

static int end_at_once(void *status) {
  leave((int)(long)status);
  return 0;
}

/* By a thread of its process: that thread's children, then the end of all of it. */
static int fork_in_thread(void *argument) {
  struct life *life = argument;
  int index;
  int status;
  for (index = 0; index < life->forks; index++) {
    int pid = vfork();
    if (pid == 0) leave(0);
    check(pid > 0 && waitpid(pid, &status, WALL) == pid && status == 0, "thread's child", status);
  }
  leave(life->status);
  return 0;
}

/* The first thread ends with 0 while another goes on. */
static int end_leader(void *argument) {
  struct life *life = argument;
  int thread = clone(fork_in_thread, life->stack, AS_THREAD, life);
  if (thread < 0) leave(98);
  leave_thread(0);
  return 0;
}

/* The first thread stays till the other one ends the process. */
static int keep_leader(void *argument) {
  struct life *life = argument;
  if (clone(fork_in_thread, life->stack, AS_THREAD, life) < 0) leave(98);
  sleep_for_ever();
  return 0;
}

static void expect_status(int pid, int code) {
  int status = -1;
  check(pid > 0 && waitpid(pid, &status, WALL) == pid, "wait", pid);
  check(status == code << 8, "status", status);
}

/* `rounds` times ten processes. */
static void work(int rounds) {
  struct life life;
  char *stack = new_stack();
  int round;
  int index;
  life.stack = new_stack();
  for (round = 0; round < rounds; round++) {
    for (index = 0; index < 4; index++) {
      int pid = vfork();
      if (pid == 0) leave(index);
      expect_status(pid, index);
    }
    if (round % 8 == 0) {
      int pid = fork();
      if (pid == 0) leave(1);
      expect_status(pid, 1);
    } else expect_status(clone(end_at_once, stack, CLONE_VM | CHILD, (void *)1), 1);
    /* The prime's child; it is the prime that collects it. */
    check(clone(end_at_once, stack, CLONE_VM | CLONE_VFORK | CLONE_PARENT | CHILD, (void *)2) > 0, "clone", round);
    life.status = 3;
    life.forks = 1;
    expect_status(clone(keep_leader, stack, CLONE_VM | CHILD, &life), 3);
    life.status = 4;
    life.forks = 1;
    expect_status(clone(end_leader, stack, CLONE_VM | CHILD, &life), 4);
  }
}

static int wait_for_byte(void) {
  char byte = 0;
  return read(0, &byte, 1) == 1;
}

static int sleep_in_thread(void *unused) {
  sleep_for_ever();
  return 0;
}

static int sleep_without_leader(void *stack) {
  if (clone(sleep_in_thread, stack, AS_THREAD, 0) < 0) leave(98);
  leave_thread(0);
  return 0;
}

/* Its memory is the prime's, who waits for that. */
static volatile int has_forked;

static int fork_a_sleeper(void *unused) {
  int pid = fork();
  if (pid == 0) sleep_for_ever();
  has_forked = 1;
  sleep_for_ever();
  return 0;
}

/* Lives until the prime is gone, then ends as the last one, by a thread that is not the first. */
static int outlive(void *prime) {
  while (kill((int)(long)prime, 0) == 0) rest(2000);
  rest(2000);
  leave(9);
  return 0;
}

static int outlive_without_leader(int prime) {
  int pid = fork();
  if (pid != 0) return pid;
  if (clone(outlive, new_stack(), AS_THREAD, (void *)(long)prime) < 0) leave(98);
  leave_thread(0);
  return 0;
}

/* outsider: one sleeper is given to the one outside, by CLONE_PARENT. */
static int prime(int rounds, int outsider) {
  int count = 0;
  int index;
  int me = (int)syscall(NR_getpid);
  if (!wait_for_byte()) return 97;
  for (index = 0; index < WORKERS; index++) {
    int pid = fork();
    if (pid == 0) {
      work(rounds / WORKERS);
      leave(0);
    }
    check(pid > 0, "fork", pid);
  }
  for (index = 0; index < WORKERS + rounds / WORKERS * WORKERS; index++) {
    int status = -1;
    check(waitpid(-1, &status, WALL) > 0 && (status == 0 || status == 2 << 8), "child", status);
  }
  index = fork();
  if (index == 0) sleep_for_ever();
  count += index > 0;
  count += clone(sleep_in_thread, new_stack(), CLONE_VM | CHILD, 0) > 0;
  count += clone(sleep_without_leader, new_stack(), CLONE_VM | CHILD, new_stack()) > 0;
  count += 2 * (clone(fork_a_sleeper, new_stack(), CLONE_VM | CHILD, 0) > 0);
  if (outsider) count += clone(sleep_in_thread, new_stack(), CLONE_VM | CLONE_PARENT | CHILD, 0) > 0;
  check(count == 5 + outsider, "sleepers", count);
  while (!has_forked) rest(100);
  rest(20000);
  say("calm", count + 1);
  if (!wait_for_byte()) return 97;
  outlive_without_leader(me);
  return 5;
}

/* Returns how the prime ended. `rounds`: of ten processes each. */
int storm(int rounds, int outsider) {
  int pid;
  int status = 0;
  signal(CHILD, (void *)1);
  pid = fork();
  if (pid == 0) {
    signal(CHILD, 0);
    leave(prime(rounds, outsider));
  }
  say("prime", pid);
  while (waitpid(-1, &status, WALL) > 0) {}
  return status;
}
