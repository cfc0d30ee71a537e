# Sends one message by Net::SMTP; what and how is the JSON in the first argument.
use strict;
use warnings;
use JSON::PP;
use Net::SMTP;

my $how = decode_json($ARGV[0]);
my @tls = (SSL_ca_file => $how->{ca}, SSL_verifycn_name => $how->{host});
my @options = (Port => $how->{port}, Hello => $how->{helo}, Timeout => 20, Debug => 1);
push @options, SSL => 1, @tls if $how->{tls} eq 'implicit';
my $smtp = Net::SMTP->new($how->{host}, @options) or die "no connection: $@\n";

sub must { my ($done, $what) = @_; $done or die "$what: ", $smtp->code, ' ', $smtp->message, "\n"; }

must($smtp->starttls(@tls), 'STARTTLS') if $how->{tls} eq 'starttls';
must($smtp->auth($how->{user}, $how->{password}), 'AUTH') if $how->{user};
open my $file, '<:raw', $how->{file} or die "$how->{file}: $!\n";
my $message = do { local $/; <$file> };
must($smtp->mail($how->{from}, Bits => 8), 'MAIL');
must($smtp->to($_), 'RCPT') for @{ $how->{to} };
must($smtp->data, 'DATA');
# It turns LF into CRLF, and so it would an LF behind a CR.
$message =~ s/\r\n/\n/g;
must($smtp->datasend($message), 'the message');
must($smtp->dataend, 'the end of the message');
must($smtp->quit, 'QUIT');
