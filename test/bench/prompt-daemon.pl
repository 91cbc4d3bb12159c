# A daemon under LibUCW's protocol that records when it exits: prompt-daemon.pl PID_FILE DELAY_MS clear|keep
# It locks PID_FILE, writes its pid and says "ready". On SIGTERM it goes on for DELAY_MS, empties the file (clear) or leaves
# it as it is (keep), says what CLOCK_MONOTONIC is, in milliseconds, and leaves in the same instant.
use strict; use warnings; use Fcntl qw(:flock O_RDWR O_CREAT); use POSIX ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC usleep);
my ($file, $delay, $way) = @ARGV;
sysopen(my $handle, $file, O_RDWR | O_CREAT, 0666) or die "$file: $!";
flock($handle, LOCK_EX | LOCK_NB) or die "$file: $!";
truncate($handle, 0); syswrite($handle, "$$\n");
$SIG{TERM} = sub {
  usleep($delay * 1000) if $delay > 0;
  truncate($handle, 0) if $way eq "clear";
  syswrite(STDOUT, sprintf("%.6f\n", clock_gettime(CLOCK_MONOTONIC) * 1000));
  POSIX::_exit(0);
};
syswrite(STDOUT, "ready\n");
sleep 1 while 1;
