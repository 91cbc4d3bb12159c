# The controlling side of the protocol as LibUCW 6.5 behaves, written from its description by flock(2) alone, to compare
# answers with: ucw-control.pl PID_FILE GUARD_FILE check|stop|reload|start [COMMAND...]. Exit codes 0, 100 to 103.
use strict; use warnings; use Fcntl qw(:flock O_RDWR O_CREAT O_RDONLY);
my ($pid_file, $guard_file, $action, @argv) = @ARGV;
sysopen(my $guard, $guard_file, O_RDWR | O_CREAT, 0666) or exit 102;
flock($guard, LOCK_EX) or exit 102;
sub read_pid { # status, pid; waits for the lock if told to
  my ($waits) = @_;
  sysopen(my $file, $pid_file, O_RDONLY) or return $!{ENOENT} ? (101) : (102);
  my $free = flock($file, LOCK_SH | ($waits ? 0 : LOCK_NB));
  my $length = sysread($file, my $text, 16);
  return (102) if !defined $length || $length == 16;
  return $free ? (101) : (0, 0) if $length == 0;
  return (103) if $free;
  return $text =~ /^(\d{1,9})\n$/ ? (0, $1) : (102);
}
my ($status, $pid) = read_pid(0);
exit $status if $action eq "check";
if ($action eq "start") {
  exit 100 if $status == 0; exit 102 if $status == 102;
  system(@argv) == 0 or exit 102;
  my ($after) = read_pid(0);
  exit($after == 0 ? ($status == 103 ? 103 : 0) : 102);
}
if ($action eq "stop") {
  exit 100 if $status == 101; exit $status if $status;
  kill("TERM", $pid) if $pid;
  my ($after) = read_pid(1);
  exit($after == 102 ? 102 : 0);
}
if ($action eq "reload") { exit $status if $status; exit 101 if !$pid; exit(kill("HUP", $pid) ? 0 : 101) }
exit 102;
