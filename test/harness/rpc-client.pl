# A client of the service's socket that is not muster's: lines of standard input go in, lines that come back go out.
# perl rpc-client.pl SOCKET
use strict;
use warnings;
use IO::Socket::UNIX;

my $socket = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "connect: $!\n";
$| = 1;
$socket->autoflush(1);
while (my $line = <STDIN>) {
    print {$socket} $line;
    my $answer = <$socket>;
    last unless defined $answer;
    print $answer;
}
