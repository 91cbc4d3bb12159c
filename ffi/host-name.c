/*
 * The host name of a foreign UTS namespace. setns(2) moves a thread, and threads and children made later inherit what it
 * moved to, so the one that moves does nothing else and is thrown away: nothing has to be moved back, nothing can leak.
 *
 * It borrows our stack's memory and our thread-local errno, and we stand still until it has ended (CLONE_VFORK); libc knows
 * nothing of it, which makes it as cheap as it can be. No headers exist where this is compiled.
 */
typedef unsigned long u64;

extern int *__errno_location(void);
extern int clone(int (*run)(void *), void *stack, int flags, void *argument, ...);
extern void *malloc(u64 size);
extern void free(void *memory);
extern int setns(int fd, int type);
extern int uname(void *names);
extern void *memcpy(void *to, const void *from, u64 size);
extern int pthread_sigmask(int how, const void *set, void *old);
extern int sched_getcpu(void);
extern int sched_getaffinity(int thread, u64 size, void *mask);
extern int sched_setaffinity(int thread, u64 size, const void *mask);
extern int memcmp(const void *one, const void *other, u64 size);
extern void *memset(void *memory, int byte, u64 size);

enum { CLONE_NEWUTS_ = 0x04000000, SIG_SETMASK_ = 2, TEXT = 65, STACK = 16384, PROCESSORS = 8192 };

/* CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: a thread of ours; CLONE_VFORK. */
enum { THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000, VFORK = 0x4000 };

struct names {
  char system[TEXT];
  char node[TEXT];
  char rest[4 * TEXT];
};

struct question {
  int namespace;
  int failure;
  char *name;
};

/* Ends with its thread: clone(2) calls exit for it. */
static int run(void *argument) {
  struct question *question = argument;
  struct names names;
  if (setns(question->namespace, CLONE_NEWUTS_) < 0 || uname(&names) < 0) question->failure = *__errno_location();
  else memcpy(question->name, names.node, TEXT);
  return 0;
}

struct processors {
  unsigned char bits[PROCESSORS / 8];
};

/* What we may run on, last time we looked, and whether somebody had narrowed that or it was all there are. */
static struct processors known;
static int is_narrowed;

static const struct processors *all_there_are(void) {
  static struct processors all;
  memset(&all, 0xff, sizeof all);
  return &all;
}

static void get_to_know(const struct processors *ours) {
  struct processors widest;
  memset(&widest, 0, sizeof widest);
  sched_setaffinity(0, sizeof widest, all_there_are());
  sched_getaffinity(0, sizeof widest, &widest);
  is_narrowed = memcmp(&widest, ours, sizeof widest) != 0;
  known = *ours;
}

/*
 * The kernel would put the new thread on an idle processor, which has to be woken, and we would wait there and back. It
 * inherits where it may run, so for its short life that is where we are.
 */
static int pin(struct processors *ours) {
  struct processors here;
  int processor = sched_getcpu();
  memset(ours, 0, sizeof *ours);
  if (processor < 0 || processor >= PROCESSORS || sched_getaffinity(0, sizeof *ours, ours) < 0) return 0;
  if (memcmp(ours, &known, sizeof known)) get_to_know(ours);
  memset(&here, 0, sizeof here);
  here.bits[processor / 8] = 1 << (processor % 8);
  sched_setaffinity(0, sizeof here, &here);
  return 1;
}

/* As it was. Were it put back by its numbers where nobody had narrowed it, a cpuset that grows later would not be ours. */
static void unpin(const struct processors *ours) {
  sched_setaffinity(0, sizeof *ours, is_narrowed ? ours : all_there_are());
}

/* 65 bytes into `name`, closed by a NUL. Returns 0 or an errno. The thread takes no signals. */
int host_name_in(int namespace, char *name) {
  struct question question;
  u64 all[16];
  u64 old[16];
  int index;
  int thread;
  struct processors ours;
  int is_pinned;
  char *stack = malloc(STACK);
  if (!stack) return 12;
  question.namespace = namespace;
  question.failure = 0;
  question.name = name;
  for (index = 0; index < 16; index++) all[index] = ~0UL;
  pthread_sigmask(SIG_SETMASK_, all, old);
  is_pinned = pin(&ours);
  thread = clone(run, stack + STACK, THREAD | VFORK, &question);
  if (thread < 0) question.failure = *__errno_location();
  if (is_pinned) unpin(&ours);
  pthread_sigmask(SIG_SETMASK_, old, 0);
  free(stack);
  return question.failure;
}
