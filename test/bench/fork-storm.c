/*
 * Processes that begin and end at once, each collected by its parent. With vfork(2): copying Bun's page tables, as fork(2)
 * does, would bound the rate. No headers exist where this is compiled.
 */
extern int vfork(void);
extern void _exit(int status);
extern int waitpid(int pid, int *status, int options);
extern int usleep(unsigned int microseconds);
extern int clock_gettime(int clock, void *time);

enum { MONOTONIC = 1, SLEEP_US = 100 };

static double seconds_now(void) {
  long time[2];
  clock_gettime(MONOTONIC, time);
  return time[0] + time[1] / 1e9;
}

/* Forks for so long, at most `rate` a second on the average; 0: as fast as it can. Returns how many. */
long fork_storm(double seconds, double rate) {
  double begun = seconds_now();
  double elapsed = 0;
  long forks = 0;
  while (elapsed < seconds) {
    if (rate > 0 && forks >= elapsed * rate) {
      usleep(SLEEP_US);
    } else {
      int pid = vfork();
      if (pid == 0) _exit(0);
      if (pid > 0 && waitpid(pid, 0, 0) == pid) forks++;
    }
    elapsed = seconds_now() - begun;
  }
  return forks;
}
