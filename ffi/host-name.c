/*
 * The host name of a foreign UTS namespace. setns(2) moves a thread, and threads and children made later inherit what it
 * moved to, so the one that moves does nothing else and is thrown away: nothing has to be moved back, nothing can leak.
 * No headers exist where this is compiled.
 */
typedef unsigned long u64;

extern int *__errno_location(void);
extern int setns(int fd, int type);
extern int uname(void *names);
extern void *memcpy(void *to, const void *from, u64 size);
extern int pthread_create(u64 *thread, const void *attributes, void *(*run)(void *), void *argument);
extern int pthread_join(u64 thread, void **result);
extern int pthread_attr_init(void *attributes);
extern int pthread_attr_destroy(void *attributes);
extern int pthread_attr_setstacksize(void *attributes, u64 size);
extern int pthread_sigmask(int how, const void *set, void *old);

enum { CLONE_NEWUTS_ = 0x04000000, SIG_SETMASK_ = 2, TEXT = 65, STACK = 65536 };

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

static void *run(void *argument) {
  struct question *question = argument;
  struct names names;
  if (setns(question->namespace, CLONE_NEWUTS_) < 0 || uname(&names) < 0) question->failure = *__errno_location();
  else memcpy(question->name, names.node, TEXT);
  return 0;
}

/* 65 bytes into `name`, closed by a NUL. Returns 0 or an errno. The thread takes no signals. */
int host_name_in(int namespace, char *name) {
  struct question question;
  u64 attributes[16];
  u64 all[16];
  u64 old[16];
  u64 thread;
  int index;
  int failure;
  question.namespace = namespace;
  question.failure = 0;
  question.name = name;
  for (index = 0; index < 16; index++) all[index] = ~0UL;
  pthread_attr_init(attributes);
  pthread_attr_setstacksize(attributes, STACK);
  pthread_sigmask(SIG_SETMASK_, all, old);
  failure = pthread_create(&thread, attributes, run, &question);
  pthread_sigmask(SIG_SETMASK_, old, 0);
  pthread_attr_destroy(attributes);
  if (failure) return failure;
  pthread_join(thread, 0);
  return question.failure;
}
