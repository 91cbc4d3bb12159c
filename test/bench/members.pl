# N processes that wait: members.pl N. First line: their pids. Then, one word a line on standard input:
#   pace SECONDS   ends them one after another over that time, child i with status i % 256, and collects each at once;
#                  answers with "pid milliseconds" of each, by CLOCK_MONOTONIC when it was collected
# They end with their parent.
use strict; use warnings; use POSIX (); use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep);
$| = 1;
my $count = shift; my (@pids, @ends);
pipe(my $all, my $keep);
my $pipes = $count <= 2000;
for my $i (0 .. $count - 1) {
  my ($read, $write);
  pipe($read, $write) if $pipes;
  my $pid = fork() // die "fork: $!";
  if (!$pid) { close $keep; if ($pipes) { close $write; close $_ for @ends; } sysread($pipes ? $read : $all, my $byte, 1); POSIX::_exit($i % 256) }
  if ($pipes) { close $read; push @ends, $write }
  push @pids, $pid;
}
print "@pids\n";
sub now { clock_gettime(CLOCK_MONOTONIC) }
while (my $line = <STDIN>) {
  my ($word, $seconds) = split ' ', $line;
  my $begun = now();
  if ($word eq "pace") {
    my @stamps;
    for my $i (0 .. $#pids) {
      my $rest = $begun + $i * $seconds / @pids - now();
      sleep($rest) if $rest > 0;
      close $ends[$i]; waitpid($pids[$i], 0);
      push @stamps, sprintf("%d %.4f", $pids[$i], now() * 1000);
    }
    print join(",", @stamps), "\n";
  }
}
