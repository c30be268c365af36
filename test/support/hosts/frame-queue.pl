# Opens two TAP devices as descriptors 3 and 4 and becomes the program that is named behind them. Perl is on every Debian.
use strict;
use warnings;

# What is opened stays open in the program.
$^F = 255;
my @open;
for my $name (splice @ARGV, 0, 2) {
  open my $device, '+<', '/dev/net/tun' or die "/dev/net/tun: $!\n";
  # TUNSETIFF with IFF_TAP | IFF_NO_PI
  ioctl $device, 0x400454ca, pack('a16 S x22', $name, 0x1002) or die "$name: $!\n";
  push @open, $device;
}
exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n";
