# A process that plays a daemon's part by flock(2) alone, independent of muster: it does what it is told on its standard
# input, one word a line, and answers each line with one line.
#   lock FILE ex|sh     open FILE (made if missing) and lock it: "ok" or "busy"
#   write TEXT          replace the content of the locked file; \p is the pid, \n a newline
#   clear               truncate it, as daemon_exit() does
#   unlock              close it
#   on TERM clear|exit|ignore|unlock   what a signal does; "clear" truncates and exits 0, "exit" exits 3, "unlock" lives on
#   exit STATUS         leave
use strict; use warnings; use Fcntl qw(:flock O_RDWR O_CREAT); use POSIX ();
$| = 1;
my $file; my $held;
sub clear { truncate($held, 0) if $held }
sub answer { print "$_[0]\n" }
answer($$);
while (my $line = <STDIN>) {
  chomp $line; my ($word, @rest) = split / /, $line, 3;
  if ($word eq "lock") {
    sysopen(my $handle, $rest[0], O_RDWR | O_CREAT, 0666) or do { answer("error $!"); next };
    if (flock($handle, ($rest[1] eq "ex" ? LOCK_EX : LOCK_SH) | LOCK_NB)) { $held = $handle; $file = $rest[0]; answer("ok") } else { answer("busy") }
  } elsif ($word eq "write") {
    my $text = join(" ", @rest); $text =~ s/\\p/$$/g; $text =~ s/\\n/\n/g;
    seek($held, 0, 0); syswrite($held, $text); truncate($held, length $text); answer("ok");
  } elsif ($word eq "clear") { clear(); answer("ok") }
  elsif ($word eq "unlock") { close($held); undef $held; answer("ok") }
  elsif ($word eq "on") {
    my ($signal, $what) = @rest;
    $SIG{$signal} = $what eq "ignore" ? "IGNORE" : $what eq "unlock" ? sub { clear(); close($held) } : sub { clear() if $what eq "clear"; POSIX::_exit($what eq "exit" ? 3 : 0) };
    answer("ok");
  } elsif ($word eq "exit") { POSIX::_exit($rest[0]) }
  else { answer("what? $line") }
}
