/*
 * The child side of a spawn. Between the fork and execve only this runs: no JavaScript, no allocation, and of libc
 * only thin wrappers of system calls. setgroups, setresgid and setresuid are called by number, because glibc's would
 * wait for threads that do not exist in the child. No headers exist where this is compiled.
 */
typedef unsigned int u32;
typedef unsigned long u64;

extern int *__errno_location(void);
extern long syscall(long number, ...);
extern int clone(int (*run)(void *), void *stack, int flags, void *argument, ...);
extern void *malloc(u64 size);
extern void free(void *memory);
extern void *memset(void *memory, int value, u64 size);
extern int sigaction(int number, const void *action, void *old);
extern int pthread_sigmask(int how, const void *set, void *old);
extern int setsid(void);
extern int fcntl(int fd, int command, ...);
extern int dup2(int from, int to);
extern int close(int fd);
extern u32 umask(u32 mask);
extern int chdir(const char *path);
extern int execve(const char *path, char **arguments, char **environment);
extern long read(int fd, void *bytes, u64 length);
extern long write(int fd, const void *bytes, u64 length);
extern void _exit(int status);

enum { EINTR_ = 4, SIGCHLD_ = 17, SIG_SETMASK_ = 2, F_DUPFD_CLOEXEC_ = 1030 };
enum { CLONE_VM_ = 0x100, CLONE_PIDFD_ = 0x1000, CLONE_VFORK_ = 0x4000, STACK = 65536 };
enum { HIGHEST_SIGNAL = 64, NOT_RUN = 127 };

/* In the order they happen; spawn-plan.ts names them. */
enum stage { SETSID, DUP2, SETGROUPS, SETGID, SETUID, CHDIR, GATE, EXECVE };

struct mapping {
  int source;
  int target;
};

/* Written by spawn-plan.ts: every member is 8 bytes, pointers included. */
struct plan {
  const char *file;
  char **arguments;
  char **environment;
  const char *directory; /* or null */
  long new_session;
  long umask; /* or -1 */
  long has_credentials;
  long uid;
  long gid;
  long group_count;
  u32 *groups;
  long mapping_count;
  struct mapping *mappings;
  long floor; /* above every target */
  long status; /* or -1: the child borrows our memory and reports in the plan */
  long gate; /* or -1 */
  long descriptor_limit;
  long number_clone;
  long number_setgroups;
  long number_setresgid;
  long number_setresuid;
  long number_close_range;
  long pidfd; /* out */
  long failed_stage; /* out */
  long failure; /* out: an errno, or 0 */
};

static void fail(struct plan *plan, int status, int stage) {
  int report[2];
  report[0] = stage;
  report[1] = *__errno_location();
  if (status < 0) {
    plan->failed_stage = report[0];
    plan->failure = report[1];
  } else write(status, report, sizeof report);
  _exit(NOT_RUN);
}

/* An ignored signal would stay ignored in the new program. */
static void reset_signals(void) {
  char action[152];
  int number;
  memset(action, 0, sizeof action);
  for (number = 1; number <= HIGHEST_SIGNAL; number++) sigaction(number, action, 0);
}

static void close_between(struct plan *plan, long low, long high) {
  if (low > high || syscall(plan->number_close_range, low, high, 0L) == 0) return;
  for (; low <= high && low < plan->descriptor_limit; low++) close(low);
}

/* Really closed, not only marked: a child that waits at its gate must not keep another child's gate open. */
static void close_the_rest(struct plan *plan, int status, int gate) {
  int lower = gate >= 0 && gate < status ? gate : status;
  int higher = gate > status ? gate : status;
  long number;
  long index;
  for (number = 0; number < plan->floor; number++) {
    int is_target = 0;
    for (index = 0; index < plan->mapping_count; index++) is_target |= plan->mappings[index].target == number;
    if (!is_target) close(number);
  }
  if (status < 0) {
    close_between(plan, plan->floor, 0xffffffffL);
    return;
  }
  close_between(plan, plan->floor, lower - 1);
  close_between(plan, lower + 1, higher - 1);
  close_between(plan, higher + 1, 0xffffffffL);
}

/* All sources go above every target first, so that no dup2 overwrites a source still needed. */
static void place_descriptors(struct plan *plan, int status) {
  long index;
  for (index = 0; index < plan->mapping_count; index++) {
    int moved = fcntl(plan->mappings[index].source, F_DUPFD_CLOEXEC_, plan->floor);
    if (moved < 0) fail(plan, status, DUP2);
    plan->mappings[index].source = moved;
  }
  for (index = 0; index < plan->mapping_count; index++)
    if (dup2(plan->mappings[index].source, plan->mappings[index].target) < 0) fail(plan, status, DUP2);
}

static void take_credentials(struct plan *plan, int status) {
  if (syscall(plan->number_setgroups, plan->group_count, plan->groups) < 0) fail(plan, status, SETGROUPS);
  if (syscall(plan->number_setresgid, plan->gid, plan->gid, plan->gid) < 0) fail(plan, status, SETGID);
  if (syscall(plan->number_setresuid, plan->uid, plan->uid, plan->uid) < 0) fail(plan, status, SETUID);
}

/* The end of the file instead of a byte: whoever should have opened the gate is gone, and nothing must run. */
static void wait_at_gate(struct plan *plan, int gate, int status) {
  char byte;
  long count;
  while ((count = read(gate, &byte, 1)) < 0)
    if (*__errno_location() != EINTR_) fail(plan, status, GATE);
  if (count == 0) _exit(NOT_RUN);
}

static void become(struct plan *plan) {
  u64 none[16];
  int gate = -1;
  int status = plan->status < 0 ? -1 : fcntl(plan->status, F_DUPFD_CLOEXEC_, plan->floor);
  if (plan->status >= 0 && status < 0) fail(plan, plan->status, DUP2);
  if (plan->gate >= 0 && (gate = fcntl(plan->gate, F_DUPFD_CLOEXEC_, plan->floor)) < 0) fail(plan, status, DUP2);
  reset_signals();
  if (plan->new_session && setsid() < 0) fail(plan, status, SETSID);
  place_descriptors(plan, status);
  close_the_rest(plan, status, gate);
  if (plan->umask >= 0) umask(plan->umask);
  if (plan->has_credentials) take_credentials(plan, status);
  if (plan->directory && chdir(plan->directory) < 0) fail(plan, status, CHDIR);
  if (gate >= 0) wait_at_gate(plan, gate, status);
  memset(none, 0, sizeof none);
  pthread_sigmask(SIG_SETMASK_, none, 0);
  execve(plan->file, plan->arguments, plan->environment);
  fail(plan, status, EXECVE);
}

static int become_on_own_stack(void *plan) {
  become(plan);
  return NOT_RUN;
}

/*
 * The child borrows our memory until execve, and this thread stands still meanwhile: nothing is copied, however large we
 * are. Not for a child that waits at its gate, which needs us running to open it, nor for one that becomes another user:
 * the kernel would take our shared memory for that of a program that changed its ids, and we could not be looked at.
 */
static long clone_borrowing(struct plan *plan) {
  char *stack = malloc(STACK);
  long pid;
  if (!stack) return -12;
  pid = clone(become_on_own_stack, stack + STACK, CLONE_VM_ | CLONE_VFORK_ | CLONE_PIDFD_ | SIGCHLD_, plan, &plan->pidfd, 0L, 0L);
  if (pid < 0) pid = -*__errno_location();
  free(stack);
  return pid;
}

static long clone_copying(struct plan *plan) {
  long pid = syscall(plan->number_clone, (long)(CLONE_PIDFD_ | SIGCHLD_), 0L, &plan->pidfd, 0L, 0L);
  if (pid == 0) become(plan);
  return pid < 0 ? -*__errno_location() : pid;
}

/* Returns the pid, its pidfd in the plan, or -errno. No signal handler of the parent ever runs in the child. */
long spawn_child(struct plan *plan) {
  u64 all[16];
  u64 old[16];
  long pid;
  memset(all, 255, sizeof all);
  pthread_sigmask(SIG_SETMASK_, all, old);
  pid = plan->status < 0 ? clone_borrowing(plan) : clone_copying(plan);
  pthread_sigmask(SIG_SETMASK_, old, 0);
  return pid;
}
